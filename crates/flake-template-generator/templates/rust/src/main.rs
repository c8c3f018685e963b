//! Says hello.

fn main() {
    println!("Hello, world!");
}
