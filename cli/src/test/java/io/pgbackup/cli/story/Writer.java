package io.pgbackup.cli.story;

import io.pgbackup.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/// A client that inserts row after row into the table `ledger`, connects again when the server went
/// away, and remembers which commits the server confirmed. One only: among several, PostgreSQL
/// itself may log two commits in another order than that of their times.
final class Writer implements AutoCloseable {
  private final TestPostgres postgres;
  private final AtomicBoolean running = new AtomicBoolean(true);
  private final ConcurrentLinkedQueue<Long> confirmed = new ConcurrentLinkedQueue<>();
  private final Thread thread;

  Writer(TestPostgres postgres) {
    this.postgres = postgres;
    postgres.sql("create table ledger (id bigint primary key, filler text)");
    this.thread = Thread.ofVirtual().name("writer").start(this::write);
  }

  private void write() {
    long id = 0;
    while (running.get()) {
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        while (running.get()) {
          id++;
          statement.execute(
              "insert into ledger select %d, string_agg(md5(random()::text), '') from generate_series(1, 100)"
                  .formatted(id));
          confirmed.add(id);
          Thread.sleep(5);
        }
      } catch (SQLException e) {
        // the server was killed: the row may be there or not, and is not counted
        LockSupport.parkNanos(10_000_000);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /// Ends it and says which rows the server confirmed.
  List<Long> stop() {
    running.set(false);
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return List.copyOf(confirmed);
  }

  @Override
  public void close() {
    stop();
  }
}
