//! The C library gives the program its entry point.
fn main() {
    println!("cargo::rustc-link-lib=c");
}
