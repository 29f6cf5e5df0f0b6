//! Pages to decode: the same jobs in the shapes a service might send.
//!
//! Texts vary in length from job to job, statuses alternate without a pattern, and optional fields
//! are missing here and there, so that no expectation of a decoder is always right.

use std::fmt::Write as _;

pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    pub(crate) body: String,
    /// How many times as long as ours the borrowing peers should take.
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
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let jobs: Vec<Members> = (0..100).map(|_| job(&mut random, &ENGLISH)).collect();
    // As in the service's example: finished, with a description.
    let typical: Vec<Members> = jobs
        .iter()
        .find(|job| job.len() == 8)
        .cloned()
        .into_iter()
        .collect();
    let chinese: Vec<Members> = (0..100).map(|_| job(&mut random, &CHINESE)).collect();
    let mut sorted = jobs.clone();
    for members in &mut sorted {
        members.sort();
    }
    let mut shuffled = jobs.clone();
    for members in &mut shuffled {
        for at in (1..members.len()).rev() {
            members.swap(at, random.below(at + 1));
        }
    }
    [
        ("service's order", compact(&jobs), 3.0, 1.6),
        ("another order", compact(&sorted), 2.8, 1.5),
        ("pretty, Chinese, escapes", pretty(&chinese), 2.1, 1.6),
        ("shuffled keys", compact(&shuffled), 2.2, 1.4),
        ("one job", compact(&typical), 2.5, 1.6),
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

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap_or_default()
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A text of `min` to `max` words.
    fn words(&mut self, words: &[&str], separator: &str, min: usize, max: usize) -> String {
        let count = min + self.below(max - min + 1);
        let words: Vec<&str> = (0..count)
            .filter_map(|_| words.get(self.below(words.len())).copied())
            .collect();
        words.join(separator)
    }
}

/// The words of a language, already escaped for JSON.
struct Language {
    separator: &'static str,
    name: &'static [&'static str],
    prose: &'static [&'static str],
}

const ENGLISH: Language = Language {
    separator: " ",
    name: &[
        "orders",
        "crm",
        "nightly",
        "payroll-2024",
        "eu",
        "DRS",
        "stand",
        "7",
    ],
    prose: &[
        "Destination",
        "RDS",
        "instance",
        "name:",
        "rds-sqlserver2022-stand",
        "the",
        "backup",
        "file",
        "db_full.bak",
        "is",
        "damaged:",
        "upload",
        "it",
        "again.",
    ],
};

const CHINESE: Language = Language {
    separator: "",
    name: &["备份", "迁移", "任务", "订单库", "-", "7"],
    prose: &[
        "目标实例名称：",
        "rds-sqlserver2022",
        "备份文件",
        "\\\"db_full.bak\\\"",
        "已损坏，",
        "请重新上传。\\n",
        "磁盘空间不足，",
        "扩容后",
        "源库版本",
        "2019",
        "校验和",
        "不一致，",
        "连接超时，",
        "已自动重试",
        "三次。",
        "目标库",
        "已存在，",
        "跳过",
        "该文件。",
        "详见日志：",
        "重试任务",
        "还原失败：",
        "日志链",
        "不完整。",
    ],
};

fn job(random: &mut Random, language: &Language) -> Members {
    let mut id = String::new();
    for length in [8, 4, 4, 4, 12] {
        if !id.is_empty() {
            id.push('-');
        }
        for _ in 0..length {
            let _ = write!(id, "{:x}", random.below(16));
        }
    }
    let status = match random.below(10) {
        0..5 => "SUCCESS",
        5..7 => "FAILED",
        7..9 => "TRANSFERRING",
        _ => "PRECHECK FAILED",
    };
    let time = |random: &mut Random| {
        let (day, hour) = (1 + random.below(28), random.below(24));
        let (minute, second) = (random.below(60), random.below(60));
        format!("2024-08-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    };
    let name = random.words(language.name, language.separator, 1, 5);
    let mut members = vec![("id", id), ("name", name), ("status", status.into())];
    if !random.one_in(4) {
        let description = random.words(language.prose, language.separator, 1, 12);
        members.push(("description", description));
    }
    members.push(("engine_type", "sqlserver".into()));
    members.push(("create_time", time(random)));
    if status != "TRANSFERRING" {
        members.push(("finish_time", time(random)));
    }
    if !random.one_in(3) {
        members.push(("enterprise_project_id", "0".into()));
    }
    if status.ends_with("FAILED") {
        let error_log = random.words(language.prose, language.separator, 4, 40);
        members.push(("error_log", error_log));
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
