package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.pgbackup.postgres.Lsn;
import io.pgbackup.postgres.ServerVersion;
import io.pgbackup.postgres.SystemIdentifier;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.GoldenArchive;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SentinelTest {
  @ParameterizedTest
  @ValueSource(strings = {GoldenArchive.FULL, GoldenArchive.DELTA})
  void aSentinelOfWalgIsReadAndWrittenAgainByteByByte(String backup) {
    byte[] golden = goldenSentinel(backup);

    assertThat(new String(Sentinel.read(golden, backup).toJson(), UTF_8))
        .isEqualTo(new String(golden, UTF_8));
  }

  @ParameterizedTest
  @ValueSource(strings = {GoldenArchive.FULL, GoldenArchive.DELTA})
  void metadataOfWalgIsReadAndWrittenAgainByteByByte(String backup) {
    byte[] golden = GoldenArchive.bytes("basebackups_005/" + backup + "/metadata.json");

    BackupMetadata metadata = BackupMetadata.read(golden, backup);

    assertThat(new String(metadata.toJson(), UTF_8)).isEqualTo(new String(golden, UTF_8));
    assertThat(BackupMetadata.of(Sentinel.read(goldenSentinel(backup), backup)))
        .isEqualTo(metadata);
  }

  @Test
  void aDeltaSaysWhatItStandsOn() {
    Sentinel sentinel = Sentinel.read(goldenSentinel(GoldenArchive.DELTA), "it");

    var full = new BackupName(GoldenArchive.FULL);
    assertThat(sentinel.delta()).contains(new DeltaOrigin(Lsn.parse("0/2000028"), full, full, 1));
    assertThat(sentinel.startLsn()).contains(Lsn.parse("0/5000028"));
    assertThat(sentinel.serverVersion()).contains(new ServerVersion(150018));
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "null", "{\"LSN\":null,\"Unknown\":[{}],\"PgVersion\":null}"})
  void everythingMayBeAbsent(String json) {
    Sentinel sentinel = Sentinel.read(json.getBytes(UTF_8), "it");

    assertThat(sentinel.startLsn()).isEmpty();
    assertThat(sentinel.startTime()).isEmpty();
    assertThat(sentinel.serverVersion()).isEmpty();
    assertThat(BackupMetadata.read(json.getBytes(UTF_8), "it").finishLsn()).isEqualTo(Lsn.ZERO);
  }

  @Test
  void keysMatchInAnyCaseAndTheLastOfTwoCounts() {
    Sentinel sentinel =
        Sentinel.read("{\"lsn\":1,\"LSN\":2,\"PGVERSION\":180000}".getBytes(UTF_8), "it");

    assertThat(sentinel.startLsn()).contains(new Lsn(2));
    assertThat(sentinel.serverVersion()).contains(new ServerVersion(180000));
  }

  @Property
  void unsignedNumbersAreExact(@ForAll long lsn, @ForAll long identifier) {
    var sentinel = Sentinel.read(goldenSentinel(GoldenArchive.FULL), "it");
    var written = with(sentinel, new Lsn(lsn), new SystemIdentifier(identifier)).toJson();

    Sentinel read = Sentinel.read(written, "it");

    assertThat(new String(written, UTF_8)).contains("\"LSN\":" + Long.toUnsignedString(lsn));
    assertThat(read.startLsn()).contains(new Lsn(lsn));
    if (identifier != 0) {
      assertThat(read.systemIdentifier()).contains(new SystemIdentifier(identifier));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026-11-21T04:13:36.173212000+02:00",
        "2026-11-21T02:13:36.173212Z",
        "2026-11-21T02:13:36.173211001Z"
      })
  void timesAreReadWithOffsetsAndWrittenRoundedUpToMicroseconds(String text) {
    var json = "{\"StartTime\":\"%s\"}".formatted(text).getBytes(UTF_8);

    assertThat(new String(Sentinel.read(json, "it").toJson(), UTF_8))
        .contains("\"StartTime\":\"2026-11-21T02:13:36.173212Z\"");
  }

  @Test
  void trailingZerosOfATimeAreLeftOut() {
    assertThat(Documents.text(Instant.parse("2026-11-21T02:13:36.5Z")))
        .isEqualTo("2026-11-21T02:13:36.5Z");
    assertThat(Documents.text(Instant.parse("2026-11-21T02:13:36Z")))
        .isEqualTo("2026-11-21T02:13:36Z");
  }

  @Test
  void tablespacesAreReadAndWrittenAgain() {
    var json =
        """
        {"spec":{"16391":{"loc":"/mnt/ts1","link":"pg_tblspc/16391"},"base_prefix":"/data",\
        "tablespaces":["16391"]}}""";

    Sentinel sentinel = Sentinel.read(json.getBytes(UTF_8), "it");

    assertThat(sentinel.tablespaces().orElseThrow().tablespaces())
        .containsExactly(new TablespaceSpec.Tablespace("16391", "/mnt/ts1", "pg_tblspc/16391"));
    assertThat(Sentinel.read(sentinel.toJson(), "it")).isEqualTo(sentinel);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"LSN\":\"0/2000028\"}",
        "{\"LSN\":-1}",
        "{\"LSN\":18446744073709551616}",
        "{\"LSN\":1e400}",
        "{\"LSN\":1.5}",
        "{\"StartTime\":\"2026-11-21 02:13:36Z\"}",
        "{\"DeltaFrom\":\"base_000000010000000000000002\"}",
        "{} {}"
      })
  void whatIsNoSentinelIsRefused(String json) {
    assertThatThrownBy(() -> Sentinel.read(json.getBytes(UTF_8), "x_sentinel.json"))
        .isInstanceOf(PgBackupException.class)
        .hasMessageStartingWith("x_sentinel.json is not what WAL-G or pgbackup writes");
  }

  @Property
  void damagedSentinelsAreReadOrRefused(
      @ForAll @IntRange(max = 500) int position, @ForAll byte replacement, @ForAll boolean cut) {
    byte[] json = goldenSentinel(GoldenArchive.DELTA);
    json[position % json.length] = replacement;
    byte[] damaged = cut ? Arrays.copyOf(json, position % json.length) : json;

    for (Runnable read :
        new Runnable[] {
          () -> Sentinel.read(damaged, "it"), () -> BackupMetadata.read(damaged, "it")
        }) {
      try {
        read.run();
      } catch (PgBackupException e) {
        assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
      }
    }
  }

  @Test
  void userDataKeepsItsShape() throws Exception {
    var userData = new ObjectMapper().readTree("{\"made\":\"full\"}");

    assertThat(Sentinel.read(goldenSentinel(GoldenArchive.FULL), "it").userData())
        .contains(userData);
  }

  private static byte[] goldenSentinel(String backup) {
    return GoldenArchive.bytes("basebackups_005/" + backup + "_backup_stop_sentinel.json");
  }

  private static Sentinel with(Sentinel it, Lsn startLsn, SystemIdentifier identifier) {
    return new Sentinel(
        Optional.of(startLsn),
        it.delta(),
        it.serverVersion(),
        it.finishLsn(),
        Optional.of(identifier),
        it.uncompressedSize(),
        it.compressedSize(),
        it.dataCatalogSize(),
        it.tablespaces(),
        it.userData(),
        it.filesMetadataDisabled(),
        it.startTime(),
        it.finishTime(),
        it.hostname(),
        it.dataDirectory(),
        it.permanent(),
        it.keyFingerprint(),
        it.corruptPages());
  }
}
