//! Inputs made from seeds: cut, spliced, doubled, and with bytes that mean something put in.

/// Draws mutations; the same ones from the same start.
pub(crate) struct Mutation(u64);

/// What JSON, its strings and the framings are made of, and numbers at their bounds.
const WORDS: [&[u8]; 28] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b"\\",
    b",",
    b":",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"0.5",
    b"\\u0000",
    b"\\ud83d",
    b"\xff",
    b"\xf0\x9f",
    b"\n\n",
    b"\r\n",
    b"\r",
    b"data: ",
    b"event: ",
    b"[DONE]",
    b": ",
    b"\"index\":4294967295",
    b"\"type\":",
    b"\0\0\0\x10",
];
/// Bytes of an input, at most.
const BYTES_MAX: usize = 32 << 10;

impl Mutation {
    /// Begins at a place.
    pub(crate) fn new(start: u64) -> Mutation {
        Mutation(start.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Draws a number below `bound`, which is not zero.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // Xorshift64* (Vigna, 2016).
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        drawn as usize % bound
    }

    /// Draws an input.
    pub(crate) fn of(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(6) {
            self.change(&mut input, seeds);
        }
        input.truncate(BYTES_MAX);
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        if input.is_empty() {
            input.push(self.below(256) as u8);
        }
        let at = self.below(input.len());
        let length = 1 + self.below(64.min(input.len() - at));
        match self.below(8) {
            0 => input[at] = self.below(256) as u8,
            1 => input[at] ^= 1 << self.below(8),
            2 => drop(input.drain(at..at + length)),
            3 => input.truncate(at),
            4 => {
                let word = WORDS[self.below(WORDS.len())];
                input.splice(at..at, word.iter().copied());
            }
            5 => {
                let again = input[at..at + length].to_vec();
                let times = 1 + self.below(40);
                input.splice(at..at, again.repeat(times));
            }
            6 => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len().max(1)).min(other.len());
                let to = (from + 1 + self.below(512)).min(other.len());
                input.splice(at..at, other[from..to].iter().copied());
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                input.splice(at..at + length, word.iter().copied());
            }
        }
    }
}
