//! Removing from the pool what no snapshot has.

use super::{Key, Pool};
use crate::context::Context;
use crate::error::Result;
use crate::fs::{self, Stamp};
use crate::home::Home;
use std::collections::HashSet;

/// Removes the files that have no name outside of the pool; gives how many bytes that frees.
///
/// Where snapshots lie on another device they have copies, and no file has a second name: `needed`, which is asked only
/// then, says which ones snapshots have, since the next snapshot is made of them. The pool's lock keeps everybody out who
/// is about to link one of them.
pub fn sweep(cx: &Context, home: &Home, needed: &dyn Fn() -> Result<Vec<Key>>) -> Result<u64> {
    if !home.pool().is_dir() {
        return Ok(0);
    }
    let mut pool = Pool::take(cx, home)?;
    let needed = match fs::same_device(&home.pool(), &home.snapshots()) {
        true => vec![],
        false => needed()?,
    };
    let needed: HashSet<(usize, Vec<u8>)> =
        needed.iter().map(|key| (key.shard(), key.name().to_vec())).collect();
    let mut freed = 0;
    let mut stay = HashSet::new();
    for (number, shard) in pool.shards.iter().enumerate() {
        let path = pool.root.join(format!("{number:02x}"));
        let names = shard.names().map_err(|cause| fs::failed("read", &path, cause))?;
        for name in names {
            let found: Option<Stamp> =
                shard.stamp(&name).map_err(|cause| fs::failed("look at", &path, cause))?;
            match found {
                // What is being made under another name has its maker's lock, which we hold: its maker is dead.
                Some(stamp) if stamp.links > 1 && !name.ends_with(b".new") => {
                    stay.insert(stamp.ino);
                }
                Some(stamp) if !needed.is_empty() && needed.contains(&(number, name.clone())) => {
                    stay.insert(stamp.ino);
                }
                Some(stamp) => {
                    shard.remove(&name).map_err(|cause| fs::failed("remove from", &path, cause))?;
                    freed += stamp.blocks * 512;
                }
                None => {}
            }
        }
    }
    pool.ledger.retain(|ino| stay.contains(&ino));
    pool.keep_ledger();
    Ok(freed)
}
