import CKernels
import Glibc

/// A lock with a condition: what the pool's threads wait on.
final class Monitor: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func lock() { pthread_mutex_lock(mutex) }
  func unlock() { pthread_mutex_unlock(mutex) }
  func wait() { pthread_cond_wait(condition, mutex) }
  func wakeAll() { pthread_cond_broadcast(condition) }
}

/// Runs `body(0)` on the calling thread and `body(1)`, ... on threads of their own, and returns when all have.
/// Every thread computes in the same floating-point mode.
public func runOnThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Start: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void
    init(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) { (self.index, self.body) = (index, body) }
  }
  let threads = (1..<max(count, 1)).map { index -> pthread_t in
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(index, body)).toOpaque()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        ck_flush_denormals()
        start.body(start.index)
        return nil
      }, start)
    precondition(status == 0, "the system refused a thread: error \(status)")
    return thread
  }
  ck_flush_denormals()
  body(0)
  for thread in threads { pthread_join(thread, nil) }
}
