//! `Serialize` and `Deserialize` for the plain data types, by hand: derive would take an array for
//! an object and borrow no `Option<Cow<str>>`.

mod de;
mod ser;
