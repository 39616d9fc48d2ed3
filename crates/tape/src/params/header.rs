//! What is wrong with a safetensors file, in words that name the tensor.
//!
//! A file begins with the length of its header, 8 bytes with the smallest first; then comes the header, a JSON object that has
//! each tensor's dtype, shape, and beginning and end in the bytes that follow. They follow without gaps, to the end of the file.

use std::collections::HashSet;

/// The largest header that is believed, in bytes.
const LARGEST: u64 = 100_000_000;

/// A sentence, if something is wrong. (What it can't tell is left to the parser: it looks at the tensors alone.)
pub(super) fn fault(file: &[u8]) -> Option<String> {
    let Some((length, rest)) = file.split_first_chunk::<8>() else {
        return Some(format!("is no safetensors file: it has {} bytes", file.len()));
    };
    let length = u64::from_le_bytes(*length);
    match file {
        // A zip archive or a pickle.
        [b'P', b'K', 3, 4, ..] | [0x80, 2..=5, ..] if length > LARGEST => {
            let what = "is no safetensors file but, as it seems, one of torch.save, which holds programs: in Python, \
                        `safetensors.torch.save_model(model, path)` writes one that can be read";
            return Some(what.into());
        }
        _ if length > LARGEST || rest.first().is_some_and(|&first| first != b'{') => {
            return Some("is no safetensors file: it doesn't begin with a header".into());
        }
        _ => {}
    }
    let Some((header, data)) = rest.split_at_checked(length as usize) else {
        return Some(format!("is cut off: of the {length} bytes of its header, there are {}", rest.len()));
    };
    let mut entries = entries(std::str::from_utf8(header).ok()?)?;
    entries.retain(|(name, _)| *name != "__metadata__");
    let mut names = HashSet::new();
    if let Some((name, _)) = entries.iter().find(|(name, _)| !names.insert(*name)) {
        return Some(format!("has two tensors `{name}`"));
    }
    let mut places = Vec::with_capacity(entries.len());
    for (name, entry) in &entries {
        let (dtype, shape) = (text(entry, "dtype")?, numbers(entry, "shape")?);
        let &[start, end] = numbers(entry, "data_offsets")?.as_slice() else { return None };
        places.push((start, end, *name));
        let Some(size) = size(dtype) else {
            return Some(format!("`{name}`: numbers of dtype {dtype} can't be read"));
        };
        let Some(bytes) = shape.iter().try_fold(size, |bytes, &n| bytes.checked_mul(n)) else {
            return Some(format!("`{name}` is {shape:?} {dtype}, which no file holds"));
        };
        if end.checked_sub(start) != Some(bytes) {
            let lies = format!("but lies in bytes {start} to {end}");
            return Some(format!("`{name}` is {shape:?} {dtype}, which takes {bytes} bytes, {lies}"));
        }
        if end > data.len() as u64 {
            return Some(format!(
                "is cut off: `{name}` lies in bytes {start} to {end} of {} after the header",
                data.len()
            ));
        }
    }
    places.sort_unstable();
    let mut last = 0;
    for (start, end, name) in places {
        if start != last {
            return Some(format!(
                "`{name}` begins at byte {start} after the header, not at {last}, where it should"
            ));
        }
        last = end;
    }
    (last != data.len() as u64)
        .then(|| format!("has {} bytes after its last tensor", (data.len() as u64).saturating_sub(last)))
}

/// The bytes of a number, of the dtypes that can be read.
fn size(dtype: &str) -> Option<u64> {
    match dtype {
        "BOOL" | "I8" | "U8" => Some(1),
        "F16" | "BF16" | "I16" | "U16" => Some(2),
        "F32" | "I32" | "U32" => Some(4),
        "F64" | "I64" | "U64" => Some(8),
        _ => None,
    }
}

/// The keys of a JSON object, as they are written, with the text up to the next one.
fn entries(json: &str) -> Option<Vec<(&str, &str)>> {
    let (mut keys, mut depth, mut bytes) = (Vec::new(), 0, json.bytes().enumerate());
    // Whether a string at this place would be a key.
    let mut key_is_next = false;
    while let Some((i, byte)) = bytes.next() {
        match byte {
            b'{' | b'[' => {
                depth += 1;
                key_is_next = depth == 1;
            }
            b'}' | b']' => depth -= 1,
            b',' if depth == 1 => key_is_next = true,
            b'"' => {
                let end = loop {
                    match bytes.next()? {
                        (_, b'\\') => {
                            bytes.next()?;
                        }
                        (end, b'"') => break end,
                        _ => {}
                    }
                };
                if std::mem::take(&mut key_is_next) {
                    keys.push((i + 1, end));
                }
            }
            _ => {}
        }
    }
    let ends = keys.iter().skip(1).map(|&(start, _)| start - 1).chain([json.len()]);
    keys.iter()
        .zip(ends)
        .map(|(&(start, end), next)| Some((&json[start..end], json.get(end + 1..next)?)))
        .collect()
}

/// What follows `"KEY":`.
fn value<'j>(entry: &'j str, key: &str) -> Option<&'j str> {
    let after = entry.split_once(&format!("\"{key}\""))?.1;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

fn text<'j>(entry: &'j str, key: &str) -> Option<&'j str> {
    Some(value(entry, key)?.strip_prefix('"')?.split_once('"')?.0)
}

fn numbers(entry: &str, key: &str) -> Option<Vec<u64>> {
    let list = value(entry, key)?.strip_prefix('[')?.split_once(']')?.0.trim();
    if list.is_empty() {
        return Some(Vec::new());
    }
    list.split(',').map(|number| number.trim().parse().ok()).collect()
}
