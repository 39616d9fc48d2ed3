//! Registers: parts of the workspace that steps share, one after another.

/// A register: a part of the workspace, needed from one step to another.
pub(super) struct Room {
    pub(super) bytes: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) offset: usize,
}

/// Places rooms behind the first `base` bytes so that those needed at the same time are apart: each in the first gap
/// that is wide enough. Returns the bytes in all.
pub(super) fn place(rooms: &mut [Room], base: usize) -> usize {
    let mut order: Vec<usize> = (0..rooms.len()).collect();
    order.sort_by_key(|&room| rooms[room].from);
    // Those placed that are still needed, by offset.
    let mut live: Vec<usize> = Vec::new();
    let mut most = base;
    for room in order {
        let (from, bytes) = (rooms[room].from, rooms[room].bytes);
        live.retain(|&other| rooms[other].to >= from);
        let mut offset = base;
        let mut index = 0;
        while index < live.len() && rooms[live[index]].offset < offset.saturating_add(bytes) {
            offset = offset.max(rooms[live[index]].offset + rooms[live[index]].bytes);
            index += 1;
        }
        rooms[room].offset = offset;
        live.insert(index, room);
        most = most.max(offset.checked_add(bytes).expect("registers fit in the address space"));
    }
    most
}
