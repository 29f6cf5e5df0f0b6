//! `Serialize` and `Deserialize` of miniserde for the plain data types, by hand: its derive takes
//! the last of two equal keys.

mod de;
mod ser;
