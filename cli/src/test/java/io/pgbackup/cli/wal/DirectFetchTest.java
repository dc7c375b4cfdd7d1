package io.pgbackup.cli.wal;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.engine.format.Codec;
import io.pgbackup.testing.GoldenArchive;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `wal fetch --prefix`, a restore_command without an agent.
class DirectFetchTest {
  private static final String SEGMENT = "000000010000000000000003";

  @TempDir private Path folder;
  private Path destination;

  @BeforeEach
  void layOut() throws IOException {
    Files.createDirectory(folder.resolve("store"));
    GoldenArchive.copyInto(folder.resolve("store/spilo/orders/u-1/wal/15"));
    destination = folder.resolve("RECOVERYXLOG");
  }

  private record Run(int status, String err) {}

  private Run fetch(String prefix, String name) {
    return run(
        "--store",
        "file://" + folder.resolve("store"),
        "wal",
        "fetch",
        "--prefix",
        prefix,
        name,
        destination.toString());
  }

  private static Run run(String... words) {
    var err = new ByteArrayOutputStream();
    int status =
        WalCommand.run(
                List.of(words),
                Map.of(),
                new PrintStream(new ByteArrayOutputStream()),
                new PrintStream(err, true, UTF_8))
            .orElseThrow();
    return new Run(status, err.toString(UTF_8));
  }

  @Test
  void aSegmentOfAForeignArchiveIsDelivered() throws IOException {
    Run run = fetch("spilo/orders/u-1/wal/15", SEGMENT);

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(Files.readAllBytes(destination))
        .isEqualTo(
            Codec.LZ4.decompress(
                GoldenArchive.bytes("wal_005/" + SEGMENT + ".lz4"), SEGMENT, 16 << 20));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(destination)))
        .isEqualTo("rw-------");
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).hasSize(2);
    }
  }

  @Test
  void absenceIsProvedOnlyWhereAnArchiveLies() {
    Run absent = fetch("spilo/orders/u-1/wal/15", "0000000100000000000000FF");
    Run elsewhere = fetch("spilo/orders/u-1/wal/16", SEGMENT);
    Run usage = fetch("spilo/$(CLUSTER)", SEGMENT);

    assertThat(absent.status()).isEqualTo(WalStatus.ABSENT.code());
    assertThat(elsewhere.status()).isEqualTo(WalStatus.TROUBLE.code());
    assertThat(elsewhere.err()).contains("no archive lies in", "holds 15/");
    assertThat(usage.status()).isEqualTo(WalStatus.TROUBLE.code());
    assertThat(destination).doesNotExist();
  }

  @Test
  void walGsSettingsNameTheFolder() throws IOException {
    Path env =
        Files.writeString(
            folder.resolve("walg.env"),
            "WALG_FILE_PREFIX=" + folder.resolve("store/spilo/orders/u-1/wal/15"));

    Run run =
        run(
            "wal",
            "fetch",
            "--walg-env",
            env.toString(),
            "00000002.history",
            destination.toString());

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(destination).content().startsWith("1\t");
  }
}
