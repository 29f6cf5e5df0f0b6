//! A query with every parameter and ten ids.

use drs_backup_jobs::ListJobs;

pub(crate) const PROJECT: &str = "054ba152d480d55b2f5dc0069e7ddef0";

/// The parameters as pairs, for the peers; the limit and the offset are texts here.
#[allow(dead_code, reason = "only the peers read it")]
pub(crate) fn pairs() -> Vec<(&'static str, String)> {
    let mut pairs: Vec<(&str, String)> = vec![
        ("name", "DRS 备份迁移".into()),
        ("status", "PRECHECK FAILED".into()),
    ];
    pairs.extend((0..10).map(|index| ("dbs_instance_ids", id(index))));
    pairs.extend(
        [
            (
                "description",
                "Destination RDS instance name: rds-sqlserver2022-stand",
            ),
            ("create_at", "2024-08-19T02:27:15Z"),
            ("completed_at", "2024-08-19T02:29:03Z"),
            ("enterprise_project_id", "0"),
            ("tags", "team=payroll,stage=生产"),
            ("limit", "100"),
            ("offset", "200"),
            ("sort_key", "created_at"),
            ("sort_dir", "desc"),
        ]
        .map(|(key, value)| (key, value.into())),
    );
    pairs
}

fn id(index: u32) -> String {
    format!("{index}cbda5f0e6d64e2a95b0190c0abcb703in04")
}

pub(crate) fn all_parameters() -> ListJobs {
    ListJobs::new()
        .name("DRS 备份迁移")
        .status("PRECHECK FAILED")
        .dbs_instance_ids((0..10).map(id))
        .description("Destination RDS instance name: rds-sqlserver2022-stand")
        .create_at("2024-08-19T02:27:15Z")
        .completed_at("2024-08-19T02:29:03Z")
        .enterprise_project_id("0")
        .tags("team=payroll,stage=生产")
        .limit(100)
        .offset(200)
        .sort_key("created_at")
        .sort_dir("desc")
}
