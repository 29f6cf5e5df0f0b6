//! The members of a job, and which of them an object has had.

/// A member that the service documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Id,
    Name,
    Status,
    Description,
    EngineType,
    CreateTime,
    FinishTime,
    EnterpriseProjectId,
    ErrorLog,
}

impl Field {
    /// How many there are.
    pub(crate) const COUNT: usize = Self::ErrorLog as usize + 1;

    /// The member of this key; `None` for one that the service does not document.
    #[inline]
    pub(crate) fn from_key(key: &str) -> Option<Self> {
        Some(match key {
            "id" => Self::Id,
            "name" => Self::Name,
            "status" => Self::Status,
            "description" => Self::Description,
            "engine_type" => Self::EngineType,
            "create_time" => Self::CreateTime,
            "finish_time" => Self::FinishTime,
            "enterprise_project_id" => Self::EnterpriseProjectId,
            "error_log" => Self::ErrorLog,
            _ => return None,
        })
    }
}

/// The members an object has had so far.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen(u16);

impl Seen {
    /// Notes a member; `false` if it was there before.
    #[inline]
    pub(crate) fn insert(&mut self, field: Field) -> bool {
        let before = self.0;
        self.0 |= 1 << field as u8;
        self.0 != before
    }

    #[inline]
    pub(crate) fn has(self, field: Field) -> bool {
        self.0 & 1 << field as u8 != 0
    }
}
