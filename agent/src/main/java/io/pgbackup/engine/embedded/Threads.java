package io.pgbackup.engine.embedded;

import java.util.List;

/// Threads that work for one call only. Stateless.
final class Threads {
  private Threads() {}

  /// Interrupts them and waits until they have ended, whoever interrupts the caller meanwhile: its
  /// interruption stands afterwards.
  static void stop(List<Thread> running) {
    running.forEach(Thread::interrupt);
    boolean interrupted = false;
    for (Thread thread : running) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException _) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
