package io.pgbackup.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.WalEngine;
import io.pgbackup.engine.embedded.EmbeddedWalEngine;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.postgres.WalFileName;
import io.pgbackup.postgres.WalSegment;
import io.pgbackup.postgres.WalSegmentSize;
import io.pgbackup.store.ObjectStore;
import io.pgbackup.store.StoreFolder;
import io.pgbackup.store.open.Stores;
import io.pgbackup.testing.S3Server;
import io.pgbackup.testing.SyntheticWal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A backlog of segments that PostgreSQL asks for one after the other, stored ahead and not, into a
/// store on this machine and into one that is some way off. Asserts only that all are stored. No
/// part of the build; docs/benchmarks.md says how to run it.
class CatchUpBench {
  private static final int SEGMENTS = 64;
  private static final int ROUNDS = 2;

  @TempDir private Path folder;

  @Test
  void aBacklog() throws IOException {
    List<String> rows = new ArrayList<>();
    List<WalFileName> names = backlog();
    S3Server s3 = S3Server.shared();
    for (int round = 0; round < ROUNDS; round++) {
      for (long away : new long[] {0, 60}) {
        for (boolean ahead : new boolean[] {false, true}) {
          try (ObjectStore store = Stores.open(s3.storageConfig(s3.newBucket()))) {
            double seconds = run(names, store, away, ahead);
            rows.add(
                String.format(
                    Locale.ROOT,
                    "| %d | %d | %s | %.2f |",
                    round + 1,
                    away,
                    ahead ? "ahead" : "one by one",
                    seconds));
          }
        }
      }
    }
    System.out.println("| round | ms away | how | s |\n| --- | --- | --- | --- |");
    rows.forEach(System.out::println);
  }

  private List<WalFileName> backlog() throws IOException {
    Path files = Files.createDirectories(folder.resolve("pg_wal"));
    Path status = Files.createDirectories(files.resolve("archive_status"));
    Random random = new Random(1);
    SyntheticWal wal = SyntheticWal.create(new WalSegmentSize(16 << 20));
    WalSegment segment = wal.current();
    List<WalFileName> names = new ArrayList<>();
    for (int i = 0; i < SEGMENTS; i++) {
      byte[] content = new byte[16 << 20];
      // half of it noise, about what WAL compresses to
      byte[] noise = new byte[content.length / 2];
      random.nextBytes(noise);
      System.arraycopy(noise, 0, content, 0, noise.length);
      Files.write(files.resolve(segment.fileName()), content);
      Files.createFile(status.resolve(segment.fileName() + ".ready"));
      names.add(WalFileName.parse(segment.fileName()));
      segment = segment.next();
    }
    return names;
  }

  private double run(List<WalFileName> names, ObjectStore store, long away, boolean ahead)
      throws IOException {
    WalEngine engine =
        new EmbeddedWalEngine(
            store,
            new ArchiveLayout(StoreFolder.of("pgbackup/default/orders/u/18")),
            Codec.LZ4,
            Optional.empty());
    WalArchiver archiver =
        new WalArchiver(
            (_, _, _) -> {},
            new Away(engine, away),
            new Retry(Duration.ZERO, Duration.ofMillis(1)),
            Clock.systemUTC());
    TransferSlots slots = new TransferSlots(SocketLimits.DEFAULT.transfers());
    long start = System.nanoTime();
    try (CatchUp catchUp = new CatchUp(archiver, new PgWal(folder), slots)) {
      for (WalFileName name : names) {
        try (TransferSlots.Slot slot = slots.take(16 << 20, Duration.ofMinutes(1))) {
          assertThat(slot).isNotNull();
          archiver.push(
              name,
              Files.readAllBytes(folder.resolve("pg_wal").resolve(name.text())),
              Optional.empty());
        }
        if (ahead) {
          catchUp.behind(name);
        }
      }
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    for (WalFileName name : names) {
      assertThat(engine.fetch(name)).isPresent();
    }
    return seconds;
  }

  /// A store that is so many milliseconds away; a push asks it twice, one after the other at most.
  private record Away(WalEngine engine, long millis) implements WalEngine {
    @Override
    public Pushed push(WalFileName name, byte[] content) {
      try {
        Thread.sleep(millis);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      return engine.push(name, content);
    }

    @Override
    public Optional<byte[]> fetch(WalFileName name) {
      return engine.fetch(name);
    }
  }
}
