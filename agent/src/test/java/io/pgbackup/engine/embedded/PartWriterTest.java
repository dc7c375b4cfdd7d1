package io.pgbackup.engine.embedded;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.embedded.FileFacts.Kind;
import io.pgbackup.engine.format.Codec;
import io.pgbackup.engine.format.Packing;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.store.ObjectKey;
import io.pgbackup.testing.MemoryObjectStore;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.Map;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;

class PartWriterTest {
  private static final ObjectKey KEY = new ObjectKey("c1/part_001.tar");
  private static final Instant TIME = Instant.ofEpochSecond(1700000000, 123456789);
  private static final FileFacts DIRECTORY =
      new FileFacts(Kind.DIRECTORY, 0700, 26, 27, 0, TIME, TIME, TIME);
  private static final FileFacts FILE =
      new FileFacts(Kind.REGULAR, 0600, 26, 27, 0, TIME, TIME, TIME);

  private final MemoryObjectStore store = new MemoryObjectStore();

  @Test
  void headersAreThoseOfWalG() throws IOException {
    try (PartWriter part = new PartWriter(store, KEY, Packing.plain(Codec.NONE))) {
      part.directory("", DIRECTORY);
      part.directory("base", DIRECTORY);
      part.beginFile("PG_VERSION", FILE, 3).write("18\n".getBytes(UTF_8));
      part.endFile();
      part.finish();
      assertThat(part.content()).isEqualTo(3);
      assertThat(part.stored()).isEqualTo(bytes().length);
    }

    byte[] tar = bytes();
    // root, base, file header, file content, two empty blocks, nothing more
    assertThat(tar).hasSize(6 * 512);
    assertHeader(tar, 0, "/", '5', "0000700");
    assertHeader(tar, 512, "/base", '5', "0000700");
    assertHeader(tar, 1024, "/PG_VERSION", '0', "0000600");
  }

  @Test
  void theLabelBelongsToNobody() throws IOException {
    try (PartWriter part = new PartWriter(store, KEY, Packing.plain(Codec.NONE))) {
      part.label("backup_label", "START\n".getBytes(UTF_8));
      part.label("tablespace_map", new byte[0]);
      part.finish();
    }

    try (var tar = new TarArchiveInputStream(store.open(KEY))) {
      TarArchiveEntry label = tar.getNextEntry();
      assertThat(label.getName()).isEqualTo("backup_label");
      assertThat(label.getMode()).isEqualTo(0600);
      assertThat(label.getLongUserId()).isZero();
      assertThat(label.getLastModifiedTime().toMillis()).isZero();
      assertThat(tar.readAllBytes()).asString(UTF_8).isEqualTo("START\n");
      assertThat(tar.getNextEntry().getName()).isEqualTo("tablespace_map");
    }
  }

  @Test
  void longNamesAndGreatOwnersSurvive() throws IOException {
    String path = "conf/" + "ä".repeat(80) + "/" + "x".repeat(120);
    FileFacts owned = new FileFacts(Kind.REGULAR, 0600, 1_000_650_000, 0, 0, TIME, TIME, TIME);
    try (PartWriter part = new PartWriter(store, KEY, Packing.plain(Codec.NONE))) {
      part.beginFile(path, owned, 0);
      part.endFile();
      part.finish();
    }

    assertThat(new String(bytes(), UTF_8)).contains(" path=/" + path + "\n");
    try (var tar = new TarArchiveInputStream(store.open(KEY))) {
      TarArchiveEntry entry = tar.getNextEntry();
      // this reader drops the slash of a name that comes from an extended header
      assertThat(entry.getName()).endsWith(path);
      assertThat(entry.getLongUserId()).isEqualTo(1_000_650_000);
    }
  }

  @Test
  void somebodyElsesPartIsRefused() throws IOException {
    store.create(KEY, new byte[] {1}, Map.of());
    try (PartWriter part = new PartWriter(store, KEY, Packing.plain(Codec.NONE))) {
      part.directory("", DIRECTORY);

      assertThatThrownBy(part::finish)
          .isInstanceOfSatisfying(
              PgBackupException.class,
              e -> assertThat(e.problem()).isInstanceOf(Problem.Refused.class))
          .hasMessageContaining(KEY.value());
    }
  }

  private byte[] bytes() throws IOException {
    try (InputStream in = store.open(KEY)) {
      return in.readAllBytes();
    }
  }

  private static void assertHeader(byte[] tar, int at, String name, char type, String mode) {
    assertThat(new String(tar, at, name.length() + 1, UTF_8)).isEqualTo(name + (char) 0);
    assertThat(new String(tar, at + 100, 7, UTF_8).strip()).isEqualTo(mode);
    assertThat((char) tar[at + 156]).isEqualTo(type);
    assertThat(new String(tar, at + 257, 8, UTF_8)).isEqualTo("ustar" + (char) 0 + "00");
  }
}
