//! From paths to items: the files are read whole, and the batch only remembers where in them its items are.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;
use zbatch::Items;

/// How a file becomes items.
#[derive(Clone, Copy)]
pub(crate) enum Cut {
    Whole,
    /// Without the line ends.
    Lines,
    /// Pieces of so many bytes; the last of a file may be shorter.
    Chunks(usize),
}

pub(crate) struct Batch {
    files: Vec<(PathBuf, Vec<u8>)>,
    /// The file of each item, and the item's bytes in it.
    places: Vec<(usize, Range<usize>)>,
    bytes: usize,
}

impl Batch {
    /// Reads the files at `paths` and in the folders among them, in the order of their names.
    pub(crate) fn read(paths: &[PathBuf], cut: Cut) -> Result<Self, String> {
        let mut batch = Self { files: Vec::new(), places: Vec::new(), bytes: 0 };
        for path in paths {
            let meta = fs::metadata(path).map_err(|error| about(path, error))?;
            if meta.is_dir() {
                for entry in WalkDir::new(path).sort_by_file_name() {
                    let entry = entry.map_err(|error| error.to_string())?;
                    if entry.file_type().is_file() {
                        batch.add(entry.path(), cut)?;
                    }
                }
            } else if meta.is_file() {
                batch.add(path, cut)?;
            } else {
                return Err(about(path, "neither a file nor a folder"));
            }
        }
        match (batch.places.len(), batch.files.len()) {
            (0, 0) => Err("there is no file to compress in what was named".into()),
            (0, _) => Err("the files are empty: there is no item to compress".into()),
            _ => Ok(batch),
        }
    }

    fn add(&mut self, path: &Path, cut: Cut) -> Result<(), String> {
        let content = fs::read(path).map_err(|error| about(path, error))?;
        let (file, known) = (self.files.len(), self.places.len());
        match cut {
            Cut::Whole => self.places.push((file, 0..content.len())),
            Cut::Lines => {
                let mut start = 0;
                for line in content.split_inclusive(|&byte| byte == b'\n') {
                    let end = start + line.len();
                    self.places.push((file, start..end - usize::from(line.ends_with(b"\n"))));
                    start = end;
                }
            }
            Cut::Chunks(size) => {
                let starts = (0..content.len()).step_by(size);
                self.places.extend(starts.map(|start| (file, start..content.len().min(start.saturating_add(size)))));
            }
        }
        self.files.push((path.into(), content));
        self.bytes += self.places[known..].iter().map(|(_, place)| place.len()).sum::<usize>();
        Ok(())
    }

    /// Bytes of all items.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Where item `index` is from, for people.
    pub(crate) fn name(&self, index: usize) -> String {
        let (file, place) = &self.places[index];
        let (path, content) = &self.files[*file];
        match place.len() == content.len() {
            true => path.display().to_string(),
            false => format!("{}, bytes {} to {}", path.display(), place.start, place.end),
        }
    }
}

impl Items for Batch {
    fn len(&self) -> usize {
        self.places.len()
    }

    fn get(&self, index: usize) -> &[u8] {
        let (file, place) = &self.places[index];
        &self.files[*file].1[place.clone()]
    }
}

fn about(path: &Path, problem: impl std::fmt::Display) -> String {
    format!("{}: {problem}", path.display())
}

/// Reads a size: `1500`, `64K`, `64KiB`, `1M`, `1G`.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, unit) = text.split_at(digits);
    let shift = match unit.to_ascii_uppercase().as_str() {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err("a size is a number and perhaps K, M or G".into()),
    };
    let number: usize = number.parse().map_err(|_| "a size is a number and perhaps K, M or G".to_owned())?;
    match number.checked_mul(1 << shift) {
        Some(0) => Err("a size is at least 1".into()),
        Some(size) => Ok(size),
        None => Err("that is more than memory can hold".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_and_limits() {
        assert_eq!(
            [size("1500"), size("64K"), size("2mib"), size("1G")],
            [Ok(1500), Ok(64 << 10), Ok(2 << 20), Ok(1 << 30)]
        );
        for bad in ["", "K", "0", "0K", "-1", "1.5K", "1T", "64 K", "18446744073709551615K", "99999999999999999999"] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }
}
