package io.pgbackup.cli.demo;

import io.pgbackup.postgres.jdbc.SqlSession;
import io.pgbackup.problem.PgBackupException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// The application whose data the demo loses and gets back: it writes an order every 50 ms.
final class Shop implements AutoCloseable {
  private static final Duration BETWEEN_ORDERS = Duration.ofMillis(50);

  private final DemoServer server;
  private final AtomicReference<Optional<PgBackupException>> failure =
      new AtomicReference<>(Optional.empty());
  private volatile boolean open = true;
  private final Thread writer = Thread.ofVirtual().name("shop").unstarted(this::write);

  /// What a server holds of the shop's data.
  ///
  /// @param digest over every field of every order
  record Books(long orders, String digest) {}

  Shop(DemoServer server) {
    this.server = server;
  }

  static Shop openOn(DemoServer server) {
    try (SqlSession sql = server.connect()) {
      sql.execute(
          """
          CREATE TABLE orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            item text NOT NULL, cents bigint NOT NULL)
          """);
      sql.execute("CREATE TABLE visits (at timestamptz NOT NULL DEFAULT clock_timestamp())");
    }
    Shop shop = new Shop(server);
    shop.writer.start();
    return shop;
  }

  private void write() {
    try (SqlSession sql = server.connect()) {
      while (open) {
        sql.execute(
            "INSERT INTO orders (item, cents)"
                + " SELECT 'item ' || (random() * 1000)::int, (random() * 10000)::bigint");
        Thread.sleep(BETWEEN_ORDERS);
      }
    } catch (PgBackupException e) {
      failure.set(Optional.of(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends the writing.
  ///
  /// @throws PgBackupException if an order could not be written
  @Override
  public void close() {
    open = false;
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    failure
        .get()
        .ifPresent(
            e -> {
              throw e;
            });
  }

  static Books books(DemoServer server) {
    try (SqlSession sql = server.connect()) {
      return new Books(
          Long.parseLong(sql.value("SELECT count(*) FROM orders")),
          sql.value("SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o"));
    }
  }

  static boolean hasOrders(DemoServer server) {
    try (SqlSession sql = server.connect()) {
      return sql.value("SELECT to_regclass('orders') IS NOT NULL").equals("t");
    }
  }

  static long visits(DemoServer server) {
    try (SqlSession sql = server.connect()) {
      return Long.parseLong(sql.value("SELECT count(*) FROM visits"));
    }
  }

  /// The mistake.
  ///
  /// @return when, by the server's clock: right before it
  static Instant dropOrders(DemoServer server) {
    try (SqlSession sql = server.connect()) {
      Instant before = now(sql);
      sql.execute("DROP TABLE orders");
      return before;
    }
  }

  /// Life goes on: later commits, and their WAL in the bucket.
  static void visitAndArchive(DemoServer server, int visits) {
    try (SqlSession sql = server.connect()) {
      for (int visit = 0; visit < visits; visit++) {
        sql.execute("INSERT INTO visits DEFAULT VALUES");
      }
      String segment = sql.value("SELECT pg_walfile_name(pg_switch_wal())");
      Waiting.until(
          "WAL segment " + segment + " to be archived",
          Duration.ofSeconds(60),
          () ->
              sql.value(
                      "SELECT coalesce(last_archived_wal >= '"
                          + segment
                          + "', false) FROM pg_stat_archiver")
                  .equals("t"));
    }
  }

  static Instant now(SqlSession sql) {
    return Instant.parse(
        sql.value(
            "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC',"
                + " 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"));
  }
}
