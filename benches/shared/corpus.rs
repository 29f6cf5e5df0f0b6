//! Pages to decode: the same jobs in the shapes a service might send them.

use std::fmt::Write as _;

pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    pub(crate) body: String,
    /// How many times as long the peers should take, when they borrow as we do.
    pub(crate) goals: Goals,
}

#[allow(dead_code, reason = "not every bench has all peers")]
pub(crate) struct Goals {
    pub(crate) serde_json: f64,
    pub(crate) sonic_rs: f64,
}

/// The members of a job, in the order of the service's example.
type Members = Vec<(&'static str, String)>;

pub(crate) fn all() -> Vec<Corpus> {
    let jobs: Vec<Members> = (0..100).map(|index| job(index, false)).collect();
    let chinese: Vec<Members> = (0..100).map(|index| job(index, true)).collect();
    let mut sorted = jobs.clone();
    for members in &mut sorted {
        members.sort();
    }
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut shuffled = jobs.clone();
    for members in &mut shuffled {
        for at in (1..members.len()).rev() {
            members.swap(at, below(&mut random, at + 1));
        }
    }
    [
        ("seed order", compact(&jobs), 3.7, 2.0),
        ("another order", compact(&sorted), 3.3, 1.8),
        ("pretty, Chinese, escapes", pretty(&chinese), 2.5, 1.7),
        ("shuffled keys", compact(&shuffled), 2.0, 1.1),
        (
            "one job",
            compact(jobs.get(..1).unwrap_or_default()),
            2.2,
            1.3,
        ),
    ]
    .map(|(name, body, serde_json, sonic_rs)| Corpus {
        name,
        body,
        goals: Goals {
            serde_json,
            sonic_rs,
        },
    })
    .into()
}

fn below(random: &mut u64, end: usize) -> usize {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    usize::try_from(*random % end as u64).unwrap_or_default()
}

/// Most jobs ended well; every tenth failed and says why, every thirteenth still runs.
fn job(index: usize, chinese: bool) -> Members {
    let mut random = 0x2545_f491_4f6c_dd1d ^ (index as u64 + 1) << 32;
    let mut id = String::new();
    for length in [8, 4, 4, 4, 12] {
        if !id.is_empty() {
            id.push('-');
        }
        for _ in 0..length {
            let _ = write!(id, "{:x}", below(&mut random, 16));
        }
    }
    let status = match index {
        _ if index % 10 == 9 => "FAILED",
        _ if index % 13 == 12 => "TRANSFERRING",
        _ => "SUCCESS",
    };
    let target = match below(&mut random, 4) {
        0 => "stand",
        1 => "ha",
        2 => "reporting",
        _ => "payroll-2024",
    };
    let description = if chinese {
        format!("目标实例名称：rds-sqlserver2022-{target}\\n备份迁移任务第{index}号")
    } else {
        format!("Destination RDS instance name: rds-sqlserver2022-{target}")
    };
    let time = |minute: usize| format!("2024-08-19T{:02}:{minute:02}:15Z", index % 24);
    let mut members = vec![
        ("id", id),
        ("name", format!("DRS-{}", 6813 + index)),
        ("status", status.into()),
        ("description", description),
        ("engine_type", "sqlserver".into()),
        ("create_time", time(27)),
    ];
    if status != "TRANSFERRING" {
        members.push(("finish_time", time(29)));
    }
    members.push(("enterprise_project_id", "0".into()));
    if status == "FAILED" {
        let error_log = if chinese {
            "备份文件 \\\"db_full.bak\\\" 已损坏。\\n请重新上传。"
        } else {
            "The backup file db_full.bak is damaged: upload it again."
        };
        members.push(("error_log", error_log.into()));
    }
    members
}

fn compact(jobs: &[Members]) -> String {
    let jobs: Vec<String> = jobs
        .iter()
        .map(|members| {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("\"{key}\":\"{value}\""))
                .collect();
            format!("{{{}}}", members.join(","))
        })
        .collect();
    format!("{{\"jobs\":[{}],\"count\":3500}}", jobs.join(","))
}

fn pretty(jobs: &[Members]) -> String {
    let jobs: Vec<String> = jobs
        .iter()
        .map(|members| {
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("      \"{key}\": \"{value}\""))
                .collect();
            format!("    {{\n{}\n    }}", members.join(",\n"))
        })
        .collect();
    format!(
        "{{\n  \"jobs\": [\n{}\n  ],\n  \"count\": 3500\n}}\n",
        jobs.join(",\n")
    )
}
