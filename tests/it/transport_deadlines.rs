//! The bounds of deadlines that the documentation of the transports states.
