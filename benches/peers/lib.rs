//! Empty: this package holds only benchmarks.
