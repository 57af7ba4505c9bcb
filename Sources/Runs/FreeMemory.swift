import Foundation

/// Memory that this process can still take, and who says so.
struct FreeMemory: Equatable {
  var bytes: Double
  /// The limit that is nearest, such as "the machine".
  var limit: String

  /// Of memory that is written to: what the machine has, and what its control group has left.
  static var now: FreeMemory {
    let machine = FreeMemory(bytes: machineBytes, limit: "the machine")
    return ([machine] + controlGroups).min { $0.bytes < $1.bytes }!
  }

  /// Of address space, which `ulimit -v` and `ulimit -d` limit; infinite where nothing does.
  static var addressSpace: FreeMemory {
    let used = numbers(in: "/proc/self/status", unit: 1024)
    func left(_ limit: rlimit, _ taken: String, _ name: String) -> FreeMemory {
      if limit.rlim_cur == rlim_t.max { return FreeMemory(bytes: .infinity, limit: name) }
      return FreeMemory(bytes: max(Double(limit.rlim_cur) - (used[taken] ?? 0), 0), limit: name)
    }
    var (space, data) = (rlimit(), rlimit())
    // Neither fails for these two.
    getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space)
    getrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &data)
    let both = [left(space, "VmSize", "ulimit -v"), left(data, "VmData", "ulimit -d")]
    return both.min { $0.bytes < $1.bytes }!
  }

  /// What the kernel thinks can be had without swapping, and the swap; infinite where it says nothing.
  private static var machineBytes: Double {
    let all = numbers(in: "/proc/meminfo", unit: 1024)
    return all["MemAvailable"].map { $0 + (all["SwapFree"] ?? 0) } ?? .infinity
  }

  /// What is left to each control group that holds this process, of version 1 or 2.
  private static var controlGroups: [FreeMemory] {
    let lines = (try? AtomicFile.text("/proc/self/cgroup"))?.split(separator: "\n") ?? []
    return lines.flatMap { line -> [FreeMemory] in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard fields.count == 3, fields[1].isEmpty || fields[1].split(separator: ",").contains("memory") else {
        return []
      }
      let root = fields[1].isEmpty ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
      let names =
        fields[1].isEmpty
        ? ("memory.max", "memory.current", "inactive_file")
        : ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
      var (path, found) = (fields[2], [FreeMemory]())
      while true {
        func number(_ name: String) -> Double? {
          (try? AtomicFile.text("\(root)\(path)/\(name)")).flatMap {
            Double($0.trimmingCharacters(in: .whitespacesAndNewlines))
          }
        }
        // No limit is the word "max", or a number that no machine has.
        if let limit = number(names.0), limit < 1e18, let used = number(names.1) {
          let reclaimable = numbers(in: "\(root)\(path)/memory.stat", unit: 1)[names.2] ?? 0
          found.append(FreeMemory(bytes: max(limit - used + reclaimable, 0), limit: "the control group"))
        }
        if path.isEmpty || path == "/" { return found }
        path = (path as NSString).deletingLastPathComponent
      }
    }
  }

  /// The numbers of lines such as `MemFree: 12 kB`.
  private static func numbers(in file: String, unit: Double) -> [String: Double] {
    let lines = (try? AtomicFile.text(file))?.split(separator: "\n") ?? []
    return lines.reduce(into: [:]) { numbers, line in
      let words = line.split { $0 == " " || $0 == "\t" || $0 == ":" }
      if words.count >= 2, let number = Double(words[1]) { numbers[String(words[0])] = number * unit }
    }
  }
}
