package io.pgbackup.cli.story;

import io.pgbackup.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/// Several clients that each do what pgbench's do: one transaction adds an amount to an account,
/// its teller and its branch and notes it. Whatever is restored, the four sums are equal. Who loses
/// the server connects again.
final class Bank implements AutoCloseable {
  private static final int CLIENTS = 4;
  private static final int BRANCHES = 4;
  private static final int TELLERS = 40;
  private static final int ACCOUNTS = 10_000;

  private final TestPostgres postgres;
  private final AtomicBoolean open = new AtomicBoolean(true);
  private final AtomicLong transactions = new AtomicLong();
  private final List<Thread> clients;

  Bank(TestPostgres postgres) {
    this.postgres = postgres;
    postgres.sql(
        """
        create table branch as select i id, 0 balance from generate_series(1, %d) i;
        create table teller as select i id, 0 balance from generate_series(1, %d) i;
        create table customer as select i id, 0 balance, repeat(' ', 84) filler
          from generate_series(1, %d) i;
        alter table customer add primary key (id);
        create table history (customer int, delta int, at timestamptz default now())"""
            .formatted(BRANCHES, TELLERS, ACCOUNTS));
    this.clients =
        IntStream.range(0, CLIENTS)
            .mapToObj(number -> Thread.ofVirtual().name("bank-" + number).start(this::serve))
            .toList();
  }

  private void serve() {
    RandomGenerator random = RandomGenerator.getDefault();
    while (open.get()) {
      try (Connection connection = postgres.connect();
          Statement statement = connection.createStatement()) {
        while (open.get()) {
          int customer = random.nextInt(ACCOUNTS) + 1;
          statement.execute(
              """
              begin;
              update customer set balance = balance + %1$d where id = %2$d;
              update teller set balance = balance + %1$d where id = %3$d;
              update branch set balance = balance + %1$d where id = %4$d;
              insert into history (customer, delta) values (%2$d, %1$d);
              commit"""
                  .formatted(
                      random.nextInt(-5000, 5000),
                      customer,
                      customer % TELLERS + 1,
                      customer % BRANCHES + 1));
          transactions.incrementAndGet();
          Thread.sleep(10);
        }
      } catch (SQLException _) {
        // the server was killed
        LockSupport.parkNanos(10_000_000);
      } catch (InterruptedException _) {
        return;
      }
    }
  }

  long transactions() {
    return transactions.get();
  }

  /// The sums of customers, tellers, branches and history in a server that was restored.
  static List<String> sums(TestPostgres server) {
    return server.sql(
        """
        select sum(balance) from customer union all select sum(balance) from teller
        union all select sum(balance) from branch
        union all select coalesce(sum(delta), 0) from history""");
  }

  @Override
  public void close() {
    open.set(false);
    for (Thread client : clients) {
      client.interrupt();
    }
    for (Thread client : clients) {
      try {
        client.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
