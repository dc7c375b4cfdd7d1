package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.BackupDeadlines;
import io.pgbackup.engine.BackupRequest;
import io.pgbackup.engine.TakenBackup;
import io.pgbackup.engine.TakenBackup.CorruptFile;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.StoredObject;
import io.pgbackup.store.file.FileObjectStore;
import io.pgbackup.testing.ArchivePump;
import io.pgbackup.testing.EnterableTempDir;
import io.pgbackup.testing.PostgresRelease;
import io.pgbackup.testing.QuietListener;
import io.pgbackup.testing.TestPostgres;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Pages that are read while PostgreSQL writes them are no corrupt ones: base backups one behind
/// the other, under pgbench's transactions and with so little cache that pages are written all the
/// time. `-Dpgbackup.pageMinutes=60` for an hour.
@Tag("chaos")
class PageAlarmIT {
  private static final Logger LOGGER = LoggerFactory.getLogger(PageAlarmIT.class);
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int ACCOUNTS = 1_000_000;
  private static final int CLIENTS = 3;

  @TempDir(factory = EnterableTempDir.class)
  private Path folder;

  private final ArchiveLayout layout = new ArchiveLayout(StoreFolder.of("c1/uid/18"));

  @Test
  void noBackupUnderLoadSeesACorruptPageAndAFlippedBitIsSeen() throws Exception {
    Duration length = Duration.ofMinutes(Integer.getInteger("pgbackup.pageMinutes", 3));
    try (FileObjectStore store =
            FileObjectStore.open(Files.createDirectory(folder.resolve("store")));
        ArchivePump pump =
            new ArchivePump(
                folder.resolve("spool"),
                new EmbeddedWalEngine(store, layout, Codec.LZ4, Optional.empty()));
        TestPostgres postgres = server(pump)) {
      postgres.sql(
          "create table accounts (id int primary key, balance int, filler char(84));"
              + "insert into accounts select i, 0, '' from generate_series(1, %d) i;"
                  .formatted(ACCOUNTS)
              + "create table tellers (id int primary key, balance int, filler char(84));"
              + "insert into tellers select i, 0, '' from generate_series(1, 10) i;"
              + "create table history (account int, teller int, delta int, at timestamptz);"
              + "create table still as select * from generate_series(1, 20000) i");
      postgres.sql("vacuum analyze");
      postgres.sql("checkpoint");
      EmbeddedBackupEngine engine =
          new EmbeddedBackupEngine(
              store,
              layout,
              postgres.configOverSocket(),
              new EmbeddedBackupEngine.Settings(
                  Codec.LZ4,
                  2,
                  "db-1",
                  64 << 20,
                  new BackupDeadlines(PATIENCE, PATIENCE, PATIENCE)),
              Clock.systemUTC());
      Instant end = Instant.now().plus(length);
      int backups = 0;
      try (Load load = new Load(postgres)) {
        while (Instant.now().isBefore(end) || backups < 2) {
          TakenBackup taken = engine.push(BackupRequest.FULL, new QuietListener());
          backups++;
          assertThat(taken.corruptFiles()).as("backup %d", backups).isEmpty();
          forget(store);
        }
        LOGGER
            .atInfo()
            .addKeyValue("minutes", length.toMinutes())
            .addKeyValue("backups", backups)
            .addKeyValue("transactions", load.transactions.get())
            .log("no page was called corrupt");
        assertThat(load.transactions.get()).isPositive();

        String still = postgres.value("select pg_relation_filepath('still')");
        flip(postgres.dataDirectory().resolve(still), 3 * 8192 + 4000);

        assertThat(engine.push(BackupRequest.FULL, new QuietListener()).corruptFiles())
            .extracting(CorruptFile::path)
            .containsExactly(still);
      }
    }
  }

  private TestPostgres server(ArchivePump pump) {
    return TestPostgres.builder(PostgresRelease.NEWEST)
        .setting("archive_mode", "on")
        .setting("archive_command", pump.archiveCommand())
        .setting("checkpoint_timeout", "30s")
        .setting("bgwriter_delay", "10ms")
        .setting("synchronous_commit", "off")
        .create(folder.resolve("data"))
        .start();
  }

  /// An hour of it would fill the disk.
  private static void forget(FileObjectStore store) {
    try (Stream<StoredObject> objects = store.list("")) {
      store.delete(objects.map(StoredObject::key).toList());
    }
  }

  private static void flip(Path file, long position) throws IOException {
    try (RandomAccessFile content = new RandomAccessFile(file.toFile(), "rw")) {
      content.seek(position);
      int octet = content.read();
      content.seek(position);
      content.write(octet ^ 1);
    }
  }

  /// pgbench's transaction, by several clients, until it is closed.
  private static final class Load implements AutoCloseable {
    private final List<Thread> clients = new ArrayList<>();
    private final AtomicLong transactions = new AtomicLong();
    private volatile boolean closed;

    Load(TestPostgres postgres) {
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(
            Thread.ofPlatform()
                .name("client-" + i)
                .start(
                    () -> {
                      try (Connection connection = postgres.connect()) {
                        run(connection);
                      } catch (SQLException e) {
                        throw new IllegalStateException(e);
                      }
                    }));
      }
    }

    private void run(Connection connection) throws SQLException {
      connection.setAutoCommit(false);
      ThreadLocalRandom random = ThreadLocalRandom.current();
      try (PreparedStatement account =
              connection.prepareStatement(
                  "update accounts set balance = balance + ? where id = ?");
          PreparedStatement teller =
              connection.prepareStatement("update tellers set balance = balance + ? where id = ?");
          PreparedStatement history =
              connection.prepareStatement("insert into history values (?, ?, ?, now())")) {
        while (!closed) {
          int delta = random.nextInt(-5000, 5000);
          int accountId = random.nextInt(1, ACCOUNTS + 1);
          int tellerId = random.nextInt(1, 11);
          account.setInt(1, delta);
          account.setInt(2, accountId);
          account.executeUpdate();
          teller.setInt(1, delta);
          teller.setInt(2, tellerId);
          teller.executeUpdate();
          history.setInt(1, accountId);
          history.setInt(2, tellerId);
          history.setInt(3, delta);
          history.executeUpdate();
          connection.commit();
          transactions.incrementAndGet();
        }
      }
    }

    @Override
    public void close() {
      closed = true;
      clients.forEach(
          client -> {
            try {
              client.join();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          });
    }
  }
}
