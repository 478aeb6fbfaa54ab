//! What several tests need: numbers that look random and are the same every time, bytes that look like people's data, a
//! dictionary for them, and items that cancel their batch.
#![allow(dead_code, reason = "no test needs all of it")]

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use zbatch::{Control, Dictionary, Items, TrainParameters};

/// Xorshift: the same seed gives the same numbers on every machine.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn number(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from((self.number() >> 8) % limit as u64).expect("it is below a usize")
    }
}

/// `size` bytes: records, text, structs of numbers, noise or runs of one byte.
pub fn content(random: &mut Random, size: usize) -> Vec<u8> {
    let kind = random.below(8);
    let mut bytes = Vec::with_capacity(size + 64);
    while bytes.len() < size {
        match kind {
            0..3 => bytes.extend(record(random).as_bytes()),
            3..5 => {
                let words = ["time", "and", "tide", "wait", "for", "no", "man", "measure", "twice", "cut", "once"];
                bytes.extend(words[random.below(words.len())].as_bytes());
                bytes.push(b" ,.\n"[random.below(40).min(3)]);
            }
            5 => {
                bytes.extend((1000 + random.below(50)).to_le_bytes());
                bytes.extend((random.below(1 << 16) as f32).to_le_bytes());
            }
            6 => bytes.extend(random.number().to_le_bytes()),
            _ => bytes.resize(bytes.len() + 1 + random.below(5000), random.number().to_le_bytes()[0]),
        }
    }
    bytes.truncate(size);
    bytes
}

/// A line of JSON.
pub fn record(random: &mut Random) -> String {
    let cities = ["Oslo", "Lima", "Kyoto", "Accra", "Quito"];
    format!(
        "{{\"id\": {}, \"city\": \"{}\", \"temperature\": {}.{}, \"tags\": [\"t{}\", \"sensor\"]}}\n",
        random.below(1_000_000),
        cities[random.below(cities.len())],
        random.below(40),
        random.below(10),
        random.below(100),
    )
}

/// A dictionary of 4 KiB for records.
pub fn trained(seed: u64) -> Dictionary {
    let mut random = Random::new(seed);
    let samples: Vec<String> = (0..4000).map(|_| record(&mut random)).collect();
    let parameters = TrainParameters { dict_size: 4096, d: 8, steps: 2, ..Default::default() };
    Dictionary::train(&samples, &parameters).expect("trains")
}

/// Lends its items, and cancels when one has been asked for so often.
pub struct Cancelling<'a> {
    items: &'a [Vec<u8>],
    left: AtomicUsize,
    control: &'a Control,
}

impl<'a> Cancelling<'a> {
    pub fn after(looks: usize, items: &'a [Vec<u8>], control: &'a Control) -> Self {
        Self { items, left: AtomicUsize::new(looks), control }
    }
}

impl Items for Cancelling<'_> {
    fn len(&self) -> usize {
        self.items.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        if self.left.fetch_sub(1, Relaxed) == 1 {
            self.control.cancel();
        }
        &self.items[index]
    }
}
