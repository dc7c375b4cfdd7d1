package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.GoldenArchive;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilesMetadataTest {
  private static final byte[] DELTA =
      GoldenArchive.bytes("basebackups_005/" + GoldenArchive.DELTA + "/files_metadata.json");

  @Test
  void theNamesAndFlagsOfADeltaAreRead() throws IOException {
    FilesMetadata files = read(DELTA);

    assertThat(files.names()).contains("/", "/PG_VERSION", "/base/5/1259");
    assertThat(files.incremented()).contains("/base/5/1259");
    assertThat(files.skipped())
        .contains("/PG_VERSION")
        .doesNotContainAnyElementsOf(files.incremented());
  }

  @Test
  void aNameWithoutFlagsIsAWholeFile() throws IOException {
    FilesMetadata files = read("{\"Files\":{\"/a\":{},\"/b\":null}}".getBytes(UTF_8));

    assertThat(files.names()).containsExactlyInAnyOrder("/a", "/b");
    assertThat(files.incremented()).isEmpty();
    assertThat(files.skipped()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "null", "{\"Files\":null}", "{\"files\":{},\"Other\":[1]}"})
  void aDocumentMayListNothing(String json) throws IOException {
    assertThat(read(json.getBytes(UTF_8)).names()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"Files\":[]}",
        "{\"Files\":{\"/a\":{}}",
        "{} 1",
        "{\"Files\":{\"/a\":1}}"
      })
  void whatIsNoSuchDocumentIsRefused(String json) {
    assertThatThrownBy(() -> read(json.getBytes(UTF_8))).isInstanceOf(PgBackupException.class);
  }

  @Property(tries = 200)
  void damagedDocumentsAreReadOrRefused(
      @ForAll @IntRange(max = 150_000) int position, @ForAll byte[] replacement)
      throws IOException {
    byte[] json = DELTA.clone();
    int at = position % json.length;
    System.arraycopy(replacement, 0, json, at, Math.min(replacement.length, json.length - at));

    for (byte[] damaged : new byte[][] {json, Arrays.copyOf(json, at)}) {
      try {
        read(damaged);
      } catch (PgBackupException e) {
        assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
      }
    }
  }

  private static FilesMetadata read(byte[] json) throws IOException {
    return FilesMetadata.read(new ByteArrayInputStream(json), "files_metadata.json");
  }
}
