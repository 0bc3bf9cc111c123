//! What Linux tells of a process: processor time and memory.

use std::fs;
use std::thread::sleep;
use std::time::Duration;

use crate::clock;

/// Linux counts processor time for user space in hundredths of a second on every machine.
const TICK: Duration = Duration::from_millis(10);

const POLL: Duration = Duration::from_millis(50);
const QUIET: Duration = Duration::from_millis(200);
const QUIET_LIMIT: Duration = Duration::from_secs(30);

/// Returns the processor time that a process has taken, in user space and in the kernel.
///
/// # Errors
///
/// A sentence, when there is no such process.
pub(crate) fn cpu(pid: u32) -> Result<Duration, String> {
    let stat = read(pid, "stat")?;
    let ticks = ticks(&stat, 2).ok_or_else(|| format!("process {pid} has no times: {stat}"))?;
    Ok(TICK * ticks)
}

/// Processor time of the whole machine, since it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MachineTime {
    /// Taken by processes, of which [`own_with_ended`] tells one part.
    pub(crate) taken: Duration,
    /// Given by the host to its other guests while this one wanted it.
    pub(crate) stolen: Duration,
}

/// Returns what all processors have done so far.
///
/// # Errors
///
/// A sentence, when Linux does not tell.
pub(crate) fn machine_time() -> Result<MachineTime, String> {
    let path = "/proc/stat";
    let stat = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    machine_ticks(&stat).ok_or_else(|| format!("{path} has no times"))
}

/// Returns the processor time of this process and of those it started that have ended.
///
/// # Errors
///
/// A sentence, when Linux does not tell.
pub(crate) fn own_with_ended() -> Result<Duration, String> {
    let stat = read(std::process::id(), "stat")?;
    let ticks = ticks(&stat, 4).ok_or_else(|| format!("this process has no times: {stat}"))?;
    Ok(TICK * ticks)
}

/// Returns the memory of a process that is resident, in bytes.
///
/// # Errors
///
/// A sentence, when there is no such process.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64, String> {
    let status = read(pid, "status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| format!("process {pid} has no memory"))
}

/// Waits until a process has nothing more to do, and returns how long it went on.
///
/// A server that has answered may still be writing its records. That is part of what the answers
/// cost, and may not fall upon who is measured next.
///
/// # Errors
///
/// A sentence, when there is no such process or it does not come to rest in half a minute.
pub(crate) fn wait_until_quiet(pid: u32) -> Result<Duration, String> {
    let start = clock::now();
    let (mut spent, mut changed) = (cpu(pid)?, start);
    while changed.elapsed() < QUIET {
        if start.elapsed() > QUIET_LIMIT {
            return Err(format!("process {pid} does not come to rest"));
        }
        sleep(POLL);
        let now = cpu(pid)?;
        if now != spent {
            (spent, changed) = (now, clock::now());
        }
    }
    Ok(changed - start)
}

fn read(pid: u32, file: &str) -> Result<String, String> {
    let path = format!("/proc/{pid}/{file}");
    fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))
}

/// The sum of the first `count` of `utime`, `stime`, and the same of ended children.
///
/// The name of the process, which stands before them, may hold spaces and brackets.
fn ticks(stat: &str, count: usize) -> Option<u32> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let times: Vec<&str> = fields.split(' ').skip(11).take(count).collect();
    if times.len() < count {
        return None;
    }
    times.iter().map(|time| time.parse::<u32>()).sum::<Result<u32, _>>().ok()
}

/// User, nice and system time; interrupts are nobody's.
fn machine_ticks(stat: &str) -> Option<MachineTime> {
    let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
    let times: Vec<u32> = line.split_whitespace().map_while(|time| time.parse().ok()).collect();
    let (taken, stolen) = (times.get(..3)?.iter().sum::<u32>(), *times.get(7)?);
    Some(MachineTime { taken: TICK * taken, stolen: TICK * stolen })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_any_name() {
        let stat = "7 (a b) (c) ) R 1 7 7 0 -1 4194304 100 0 0 0 21 13 5 6 20 0 1 0 99\n";
        assert_eq!((ticks(stat, 2), ticks(stat, 4)), (Some(34), Some(45)));
        assert_eq!(ticks("7 (a) R 1", 2), None);
    }

    #[test]
    fn what_the_machine_does_is_told_from_what_is_stolen() {
        let stat = "cpu  100 20 30 4000 50 60 70 80 0 0\ncpu0 1 2 3 4 5 6 7 8 0 0\n";
        let (taken, stolen) = (Duration::from_millis(1_500), Duration::from_millis(800));
        assert_eq!(machine_ticks(stat), Some(MachineTime { taken, stolen }));
        assert_eq!(machine_ticks("cpu  1 2\n"), None);
    }

    #[test]
    fn this_process_has_times_and_memory_and_an_unknown_one_has_not() {
        let own = std::process::id();
        assert!(cpu(own).is_ok());
        assert!(resident_bytes(own).expect("it is running") > 100_000);
        assert!(cpu(u32::MAX).is_err());
    }
}
