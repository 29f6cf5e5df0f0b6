//! Responses of the emulator checked against the service's OpenAPI description.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use drs_backup_jobs::emulator::{EmulatedJob, Emulator};
use drs_backup_jobs::{Job, JobStatus, Language, ListJobs, SortDir, SortKey};
use serde_json::Value;

use crate::emulator::{Listed, list};

static OPENAPI: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/list_replication_jobs.openapi.json")).unwrap()
});

/// Why `value` is not what `schema` says, with the path to it; only what the description uses is
/// known here, and what it uses must be known.
fn departs(path: &str, value: &Value, schema: &Value) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = OPENAPI.pointer(reference.trim_start_matches('#'));
        return departs(path, value, target.expect("a schema that is there"));
    }
    let bound = |key: &str| schema[key].as_u64();
    let why = match schema["type"].as_str().expect("a type") {
        "object" => {
            let Some(object) = value.as_object() else {
                return Some(format!("{path} is not an object"));
            };
            let properties = schema["properties"].as_object().expect("properties");
            for required in schema["required"].as_array().into_iter().flatten() {
                if !object.contains_key(required.as_str().unwrap()) {
                    return Some(format!("{path} lacks {required}"));
                }
            }
            for (key, member) in object {
                let Some(schema) = properties.get(key) else {
                    return Some(format!("{path}.{key} is not documented"));
                };
                if let Some(why) = departs(&format!("{path}.{key}"), member, schema) {
                    return Some(why);
                }
            }
            return None;
        }
        "array" => {
            let Some(items) = value.as_array() else {
                return Some(format!("{path} is not an array"));
            };
            let found = items
                .iter()
                .enumerate()
                .find_map(|(at, item)| departs(&format!("{path}[{at}]"), item, &schema["items"]));
            if found.is_some() {
                return found;
            }
            (items.len() as u64 > bound("maxItems").unwrap_or(u64::MAX)).then_some("is too long")
        }
        "string" => {
            let Some(text) = value.as_str() else {
                return Some(format!("{path} is not a string"));
            };
            let length = text.chars().count() as u64;
            let known = schema["enum"].as_array();
            if known.is_some_and(|known| !known.contains(value)) {
                Some("is none of the documented values")
            } else if length > bound("maxLength").unwrap_or(u64::MAX) {
                Some("is too long")
            } else {
                (length < bound("minLength").unwrap_or(0)).then_some("is too short")
            }
        }
        "integer" => {
            let Some(number) = value.as_u64() else {
                return Some(format!("{path} is not a natural number"));
            };
            let maximum = bound("maximum").unwrap_or(u64::MAX);
            let is_below = if schema["exclusiveMaximum"] == true {
                number < maximum
            } else {
                number <= maximum
            };
            (!is_below).then_some("is too large")
        }
        other => panic!("a type the description did not use: {other}"),
    };
    why.map(|why| format!("{path} {why}: {value}"))
}

#[track_caller]
fn assert_documented(response: &Listed, context: &str) {
    let responses = &OPENAPI["paths"]["/v5/{project_id}/backup-migration-jobs"]["get"]["responses"];
    let schema = &responses[response.status.to_string()]["content"]["application/json"]["schema"];
    assert!(
        !schema.is_null(),
        "{} is not documented: {context}",
        response.status
    );
    let departure = departs("response", &response.body, schema);
    assert_eq!(departure, None, "{context}");
}

/// Xorshift: chance of the test's own, so that it does not share the emulator's.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// A query, and which of all jobs should pass it by the test's own reading.
#[derive(Clone, Default)]
struct Query {
    name: Option<String>,
    status: Option<JobStatus>,
    instance_ids: Vec<String>,
    description: Option<String>,
    created_on: Option<String>,
    enterprise_project_id: Option<String>,
    tag: Option<(String, String)>,
    sort: Option<(SortKey, SortDir)>,
}

impl Query {
    fn random(chance: &mut Chance, all: &[EmulatedJob]) -> Self {
        let mut query = Self::default();
        let sample = chance.pick(all).clone();
        if chance.one_in(3) {
            let parts = ["drs", "DRS-1", "备份", "nightly", "迁移-订单", "zzz"];
            query.name = Some((*chance.pick(&parts)).into());
        }
        if chance.one_in(3) {
            query.status = Some(chance.pick(JobStatus::KNOWN).clone());
        }
        if chance.one_in(3) {
            let ids = (0..=chance.below(9)).map(|_| chance.pick(all).instance_id.clone());
            query.instance_ids = ids.collect();
        }
        if chance.one_in(4) {
            query.description = Some((*chance.pick(&["RDS", "目标", "sqlserver2019"])).into());
        }
        if chance.one_in(6) {
            query.created_on = Some(sample.job.create_time[..13].into());
        }
        if chance.one_in(4) {
            query.enterprise_project_id = sample.job.enterprise_project_id.map(Into::into);
        }
        if chance.one_in(4) {
            query.tag = sample.tags.first().cloned();
        }
        if chance.one_in(2) {
            let key = chance.pick(SortKey::KNOWN).clone();
            query.sort = Some((key, chance.pick(SortDir::KNOWN).clone()));
        }
        query
    }

    fn query(&self) -> ListJobs {
        let mut query = ListJobs::new().dbs_instance_ids(&self.instance_ids);
        if let Some(name) = &self.name {
            query = query.name(name);
        }
        if let Some(status) = &self.status {
            query = query.status(status.clone());
        }
        if let Some(description) = &self.description {
            query = query.description(description);
        }
        if let Some(hour) = &self.created_on {
            query = query.create_at(hour);
        }
        if let Some(id) = &self.enterprise_project_id {
            query = query.enterprise_project_id(id);
        }
        if let Some((key, value)) = &self.tag {
            query = query.tags(format!("{key}={value}"));
        }
        if let Some((key, direction)) = &self.sort {
            query = query.sort_key(key.clone()).sort_dir(direction.clone());
        }
        query
    }

    fn passes(&self, emulated: &EmulatedJob) -> bool {
        let job = &emulated.job;
        let holds = |text: &str, part: &Option<String>| {
            let part = part.as_deref().unwrap_or_default().to_lowercase();
            text.to_lowercase().contains(&part)
        };
        let description = job.description.as_deref();
        holds(&job.name, &self.name)
            && self
                .status
                .as_ref()
                .is_none_or(|status| *status == job.status)
            && (self.instance_ids.is_empty() || self.instance_ids.contains(&emulated.instance_id))
            && (self.description.is_none() || description.is_some())
            && holds(description.unwrap_or_default(), &self.description)
            && job
                .create_time
                .starts_with(self.created_on.as_deref().unwrap_or_default())
            && (self.enterprise_project_id.is_none()
                || self.enterprise_project_id.as_deref() == job.enterprise_project_id.as_deref())
            && self
                .tag
                .as_ref()
                .is_none_or(|tag| emulated.tags.contains(tag))
    }

    /// What a job is sorted by, as text that compares like it.
    fn sort_text(&self, emulated: &EmulatedJob) -> String {
        let job = &emulated.job;
        match self.sort.as_ref().expect("a sorted query").0 {
            SortKey::Name => job.name.to_string(),
            SortKey::DbType => emulated.db_type.clone(),
            SortKey::InstId => emulated.instance_id.clone(),
            SortKey::Ip => emulated.ip.clone(),
            SortKey::CreatedAt => job.create_time.to_string(),
            SortKey::Description => job.description.as_deref().unwrap_or_default().into(),
            SortKey::TagValue => {
                let values: Vec<&str> = emulated.tags.iter().map(|tag| tag.1.as_str()).collect();
                values.join("\0")
            }
            _ => panic!("a key that is not documented"),
        }
    }
}

/// Every job of the query, page by page.
fn list_pages(emulator: &Emulator, query: &ListJobs, page_size: u32) -> Vec<Listed> {
    let mut pages = Vec::new();
    let mut offset = 0;
    loop {
        let page = list(emulator, &query.clone().limit(page_size).offset(offset));
        let received = u32::try_from(page.ids().len()).unwrap();
        pages.push(page);
        if received == 0 {
            return pages;
        }
        offset += received;
    }
}

#[test]
fn random_queries_select_and_order_jobs_as_documented() {
    let mut chance = Chance(0x5eed);
    for seed in 0..6 {
        let emulator = Emulator::builder().jobs(150).seed(seed).build();
        let all = emulator.jobs();
        for _ in 0..25 {
            let chosen = Query::random(&mut chance, &all);
            let query = chosen.query();
            let context = format!("seed {seed}, {query:?}");
            let page_size = *chance.pick(&[1_u32, 7, 64, 512]);
            let pages = list_pages(&emulator, &query, page_size);
            let ids: Vec<&str> = pages.iter().flat_map(Listed::ids).collect();

            let expected: Vec<&EmulatedJob> = all.iter().filter(|job| chosen.passes(job)).collect();
            for page in &pages {
                assert_documented(page, &context);
                assert_eq!(page.count(), expected.len() as u64, "{context}");
                assert!(page.ids().len() <= page_size as usize, "{context}");
            }
            let set: BTreeSet<&str> = ids.iter().copied().collect();
            assert_eq!(set.len(), ids.len(), "a job came twice: {context}");
            let expected_set: BTreeSet<&str> = expected.iter().map(|job| job.id()).collect();
            assert_eq!(set, expected_set, "{context}");

            let position = |id: &str| all.iter().position(|job| job.id() == id).unwrap();
            for pair in ids.windows(2) {
                let (a, b) = (position(pair[0]), position(pair[1]));
                let order = match &chosen.sort {
                    None => a.cmp(&b),
                    Some((_, direction)) => {
                        let order = chosen.sort_text(&all[a]).cmp(&chosen.sort_text(&all[b]));
                        let order = match direction {
                            SortDir::Asc => order,
                            _ => order.reverse(),
                        };
                        // Equals keep the list's own order.
                        order.then(a.cmp(&b))
                    }
                };
                assert!(order.is_lt(), "{pair:?}: {context}");
            }
        }
    }
}

#[test]
fn pages_contain_the_jobs_of_the_emulator() {
    let emulator = Emulator::builder().jobs(100).build();
    let response = list(&emulator, &ListJobs::new().limit(100));
    for (shown, kept) in response.body["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .zip(emulator.jobs())
    {
        let text = serde_json::to_vec(shown).unwrap();
        assert_eq!(Job::parse(&text).unwrap(), kept.job);
    }
}

#[test]
fn errors_are_documented_except_for_the_length_of_their_codes() {
    let emulator = Emulator::demo();
    let long = "备".repeat(513);
    for query in [
        ListJobs::new().status("PAUSED"),
        ListJobs::new().sort_key("size"),
        ListJobs::new().sort_dir("up"),
        ListJobs::new().name(&long),
        ListJobs::new().description(&long),
        ListJobs::new().tags(&long),
        ListJobs::new().create_at(&long),
        ListJobs::new().dbs_instance_ids([&long]),
        ListJobs::new().limit(70_000),
        ListJobs::new().offset(70_000),
    ] {
        for language in Language::KNOWN {
            let mut response = list(&emulator, &query.clone().language(language.clone()));
            assert_eq!(response.status, 400, "{query:?}");
            // The description wants twelve characters; the service's own list of codes has
            // shorter ones, those for paging among them.
            let (_, code) = response.code();
            assert!(code.starts_with("DRS.") && code.len() <= 12, "{code}");
            response.body["error_code"] = "DRS.00000000".into();
            assert_documented(&response, &format!("{query:?}"));
        }
    }
}

#[test]
fn the_schema_check_detects_departures() {
    let schema = &OPENAPI["components"]["schemas"]["QueryOfflineJobsResp"];
    let job = serde_json::json!({
        "id": "a", "name": "n", "status": "SUCCESS", "engine_type": "sqlserver", "create_time": "t",
    });
    let page = |change: &dyn Fn(&mut Value)| {
        let mut page = serde_json::json!({"count": 1, "jobs": [job]});
        change(&mut page);
        departs("response", &page, schema)
    };
    assert_eq!(page(&|_| {}), None);
    let changes: [&dyn Fn(&mut Value); 8] = [
        &|page| page["count"] = 9_999.into(),
        &|page| page["count"] = "1".into(),
        &|page| page["jobs"] = Value::Null,
        &|page| page["jobs"] = vec![job.clone(); 513].into(),
        &|page| page["jobs"][0]["status"] = "PAUSED".into(),
        &|page| page["jobs"][0]["name"] = "n".repeat(129).into(),
        &|page| page["jobs"][0]["x"] = 1.into(),
        &|page| page["jobs"][0]["id"] = Value::Null,
    ];
    for (at, change) in changes.iter().enumerate() {
        assert!(page(change).is_some(), "change {at} was not seen");
    }
}
