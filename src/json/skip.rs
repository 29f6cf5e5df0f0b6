//! Values nobody asked for: gone over, but held to the grammar.

use super::{Cursor, Expected, MAX_DEPTH};

/// The arrays and objects around a value, innermost last: one bit each, set for an object. No
/// recursion and no allocation, however deep a text pretends to be.
#[derive(Default)]
struct Nest {
    objects: u128,
    depth: usize,
}

const _: () = assert!(MAX_DEPTH == u128::BITS as usize);

impl Nest {
    fn enter(&mut self, is_object: bool) -> Result<(), Expected> {
        if self.depth == MAX_DEPTH {
            return Err(Expected::ShallowValue);
        }
        self.objects = self.objects << 1 | u128::from(is_object);
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.objects >>= 1;
        self.depth -= 1;
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }
}

impl Cursor<'_> {
    /// Goes over one value, which nests at most [`MAX_DEPTH`] deep.
    pub(crate) fn skip_value(&mut self) -> Result<(), Expected> {
        let mut nest = Nest::default();
        loop {
            let mut first = match self.peek() {
                Some(b'{') => {
                    nest.enter(true)?;
                    self.eat("{");
                    true
                }
                Some(b'[') => {
                    nest.enter(false)?;
                    self.eat("[");
                    true
                }
                _ => {
                    self.skip_scalar()?;
                    false
                }
            };
            // To the next value: in this container, or behind it.
            loop {
                if nest.depth == 0 {
                    return Ok(());
                }
                let goes_on = if nest.in_object() {
                    self.next_member(&mut first)? && {
                        self.skip_key()?;
                        true
                    }
                } else {
                    self.next_element(&mut first)?
                };
                if goes_on {
                    break;
                }
                nest.leave();
            }
        }
    }

    /// Goes over the key under the cursor and its colon.
    pub(crate) fn skip_key(&mut self) -> Result<(), Expected> {
        self.eat("\"");
        self.skip_string_tail()?;
        self.demand(":", Expected::Colon)
    }

    /// Goes over a string, a number or a literal.
    pub(crate) fn skip_scalar(&mut self) -> Result<(), Expected> {
        match self.byte() {
            Some(b'"') => {
                self.eat("\"");
                self.skip_string_tail()
            }
            Some(b'-' | b'0'..=b'9') => self.number().map(drop),
            _ if self.eat("true") || self.eat("false") || self.eat("null") => Ok(()),
            _ => Err(Expected::Value),
        }
    }
}
