import Environments
import Foundation
import Testing

@Suite("A training that ends before its time", .serialized, .timeLimit(.minutes(3)))
struct InterruptionTests {
  private let endless = [
    "train", "--suite", "control", "--tasks", "cart_pole", "--threads", "1", "--steps", "1000000000", "--metrics-every",
    "1000", "--out", "run",
  ]

  private func hasBegun(_ program: Program) -> Bool {
    let log = program.folder.appending(path: "run/metrics.jsonl").path
    let size = try? FileManager.default.attributesOfItem(atPath: log)[.size] as? Int
    return size ?? 0 > 0
  }

  private func checkpoints(_ program: Program) -> [Int] {
    let path = program.folder.appending(path: "run/checkpoints").path
    return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).compactMap { Int($0) }
  }

  @Test("A signal stops it with a checkpoint; the status is 128 and its number", arguments: [SIGINT, SIGTERM, SIGHUP])
  func signals(number: Int32) throws {
    try inFolder { folder in
      let program = try Program(endless + ["--quiet"], in: folder)
      program.wait { hasBegun(program) }
      program.send(number)
      #expect(program.end() == 128 + number)
      #expect(checkpoints(program).count == 1)
      #expect(program.message.contains("to go on: ") && program.message.contains("--resume --out run"))
    }
  }

  @Test("A resume says where it goes on; that of a finished run says no more than that it is finished")
  func resumes() throws {
    try inFolder { folder in
      func message(_ words: String...) throws -> String {
        let program = try Program(["train"] + words, in: folder)
        _ = program.end()
        return program.message
      }
      _ = try message("--suite", "arcade", "--tasks", "bricks", "--steps", "480", "--out", "run")
      let finished = try message("--resume", "--out", "run")
      #expect(finished.contains("steps are made") && finished.split(separator: "\n").count <= 2, "\(finished)")
      #expect(try message("--resume", "--out", "run", "--steps", "4800").contains("going on at step 480 of 4,800"))
      #expect(try message("--resume", "run").contains("did you mean --out run?"))
    }
  }

  @Test(
    "While environments are made it ends at once, and leaves neither worker nor folder",
    .enabled(if: (try? Suites.make("gymnasium:CartPole-v1")) != nil),
    arguments: [["train", "--out", "run", "--suite"], ["check"]])
  func whileMaking(command: [String]) throws {
    try inFolder { folder in
      let source = "import time\ntime.sleep(600)\n"
      try Data(source.utf8).write(to: folder.appending(path: "slow.py"))
      let arguments = command + ["gymnasium:CartPole-v1", "--env-module", "slow"]
      let program = try Program(arguments, in: folder, shell: "mkdir tmp; export TMPDIR=$PWD/tmp")
      func names(_ path: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)) ?? []
      }
      program.wait { names("tmp").contains { $0.hasPrefix("polymath-worker") } }
      program.send(SIGTERM)
      #expect(program.end() == 128 + SIGTERM)
      #expect(program.message.contains("before training began") == (command[0] == "train"))
      #expect(names("tmp") == [] && names("run") == [])
    }
  }

  @Test("What nohup asks for holds: a hang-up is ignored")
  func nohup() throws {
    try inFolder { folder in
      let program = try Program(endless + ["--quiet"], in: folder, shell: "trap '' HUP")
      program.wait { hasBegun(program) }
      program.send(SIGHUP)
      program.send(SIGTERM)
      #expect(program.end() == 128 + SIGTERM)
      #expect(!program.message.contains("HUP"))
    }
  }

  @Test("A standard output that nobody reads on stops it with a checkpoint", arguments: ["", "exec 2>&1"])
  func closedOutput(shell: String) throws {
    try inFolder { folder in
      let pipe = Pipe()
      let program = try Program(endless, in: folder, shell: shell, output: pipe)
      try pipe.fileHandleForWriting.close()
      program.wait { hasBegun(program) }
      try pipe.fileHandleForReading.close()
      #expect(program.end() == 128 + SIGPIPE)
      #expect(checkpoints(program).count == 1)
      #expect(shell != "" || program.message.contains("standard output can't be written"))
    }
  }

  @Test("Streams that were closed from the start are not taken for files of the run")
  func closedStreams() throws {
    try inFolder { folder in
      let arguments = ["train", "--suite", "control", "--tasks", "cart_pole", "--steps", "10000", "--out", "run"]
      let program = try Program(arguments, in: folder, shell: "exec 0<&- 1>&- 2>&-")
      #expect(program.end() == EXIT_FAILURE)
      let log = try String(contentsOf: folder.appending(path: "run/metrics.jsonl"), encoding: .utf8)
      #expect(log.split(separator: "\n").allSatisfy { $0.hasPrefix("{\"steps\":") && $0.hasSuffix("}") })
      #expect(checkpoints(program).count == 1)
    }
  }

  @Test("A limit on the size of files is told as a full disk is")
  func fileSizeLimit() throws {
    try inFolder { folder in
      let arguments = ["train", "--suite", "control", "--tasks", "cart_pole", "--steps", "2000", "--out", "run"]
      // 2 or 4 KiB, by shell: less than a model has.
      let program = try Program(arguments, in: folder, shell: "ulimit -f 4")
      #expect(program.end() == EXIT_FAILURE)
      let message = program.message
      #expect(message.contains("cannot write") && message.contains("File too large"), "\(message)")
    }
  }

  @Test(
    "No command whose output is lost ends with status 0",
    arguments: [
      "list suites", "--help", "train --help", "train --print-config",
      "train --suite control --tasks cart_pole --steps 100 --quiet --out run",
    ])
  func fullDevice(command: String) throws {
    try inFolder { folder in
      let full = try #require(FileHandle(forWritingAtPath: "/dev/full"))
      let program = try Program(command.split(separator: " ").map(String.init), in: folder, output: full)
      #expect(program.end() == EXIT_FAILURE)
      #expect(program.message.contains("standard output can't be written (No space left on device)"))
    }
  }
}
