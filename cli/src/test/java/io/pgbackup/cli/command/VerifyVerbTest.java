package io.pgbackup.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.pgbackup.testing.GoldenArchive;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Over an archive that real WAL-G wrote, in a directory.
class VerifyVerbTest {
  private static final String PREFIX = "pgbackup/shop/orders/0b8f-golden/15";

  @TempDir private Path folder;

  @BeforeEach
  void fillTheStore() {
    GoldenArchive.copyInto(folder.resolve(PREFIX));
  }

  private Run verify(String... options) {
    return Run.of(
        Stream.concat(Stream.of("--store", "file://" + folder, "verify"), Stream.of(options))
            .toArray(String[]::new));
  }

  private void cutInHalf(String object) throws IOException {
    Path file = folder.resolve(PREFIX).resolve(object);
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
  }

  @Test
  void theNewestIsReadWithWhatItStandsOn() {
    Run run = verify();

    assertThat(run.status()).as(run.err()).isZero();
    assertThat(run.out())
        .startsWith("shop/orders  0b8f-golden\nWHAT ")
        .containsPattern(GoldenArchive.FULL + " +sound +3 +\\d+ +\\S+ MiB +codecs and lists\n")
        .containsPattern(GoldenArchive.DELTA + " +sound +3 ")
        .containsPattern("WAL of these backups +sound +1 ")
        .containsPattern("\nsound, in .+\n$");
    assertThat(run.err()).contains("shop/orders: reading " + GoldenArchive.FULL + " (3 tars)");
  }

  @Test
  void oneBackupOrAllOfThem() {
    assertThat(verify("--backup", GoldenArchive.FULL).out()).doesNotContain(GoldenArchive.DELTA);
    assertThat(verify("--all", "--wal").out())
        .contains(GoldenArchive.DELTA)
        .containsPattern("WAL to the newest segment +sound +7 ");
    assertThat(verify("--all", "--backup", GoldenArchive.FULL).status()).isEqualTo(2);
    assertThat(verify("--backup", "latest").status()).isEqualTo(2);
    assertThat(verify("--backup", "base_0000000100000000000000AA").status()).isEqualTo(9);
  }

  @Test
  void damageIsNamedObjectByObjectWithTheNextStep() throws IOException {
    String tar = "basebackups_005/" + GoldenArchive.FULL + "/tar_partitions/part_001.tar.lz4";
    cutInHalf(tar);
    Files.delete(folder.resolve(PREFIX).resolve("wal_005/000000010000000000000006.lz4"));

    Run run = verify("--wal");

    assertThat(run.status()).isEqualTo(7);
    assertThat(run.out())
        .containsPattern(GoldenArchive.FULL + " +damaged")
        .containsPattern("WAL to the newest segment +damaged +3 of 4 ")
        .contains("DAMAGED  " + PREFIX + "/" + tar)
        .contains(
            "DAMAGED  000000010000000000000006: is missing\n         -> Recovery cannot go on")
        .contains("\n2 faults, in ");
  }

  @Test
  void asJsonForScripts() throws IOException {
    cutInHalf("wal_005/000000010000000000000005.lz4");

    Run run = verify("-o", "json");

    assertThat(run.status()).isEqualTo(7);
    JsonNode lineage = new JsonMapper().readTree(run.out()).path(0);
    assertThat(lineage.path("verdict").asText()).isEqualTo("damaged");
    assertThat(lineage.path("backups")).hasSize(2);
    assertThat(lineage.path("backups").path(0).path("verdict").asText()).isEqualTo("sound");
    assertThat(lineage.path("wal").path("verdict").asText()).isEqualTo("damaged");
    assertThat(lineage.path("faults")).hasSize(1);
    assertThat(lineage.path("faults").path(0).path("object").asText())
        .isEqualTo(PREFIX + "/wal_005/000000010000000000000005.lz4");
  }

  @Test
  void aStoreWithoutTheClusterIsNotFound() {
    assertThat(verify("--cluster", "nobody").status()).isEqualTo(9);
  }
}
