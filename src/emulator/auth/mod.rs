//! Authentication: tokens and signatures at the gateway, logins at IAM, keys from the metadata service.

mod access;
mod identity;
mod metadata;
mod signature;

pub(super) use access::{Access, CLIENT_TOKEN};
pub(super) use identity::{KnownProject, User};
pub(super) use metadata::metadata_token;
pub(super) use signature::KnownKey;
