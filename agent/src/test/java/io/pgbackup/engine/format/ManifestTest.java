package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ManifestTest {
  private static final Manifest MANIFEST =
      new Manifest(
          new BackupName("base_000000010000000000000002"),
          List.of(new Manifest.Tablespace("16391", "fast", "/mnt/ts1")));
  private static final String SHA256 = Sha256.hex("content".getBytes(UTF_8));

  @Test
  void whatWasWrittenIsReadBack() throws IOException {
    var written =
        List.of(
            new ManifestFile("base/5/1259", 8192, SHA256, "part_001.tar.lz4", List.of()),
            new ManifestFile(
                "base/5/ü\n\"", 0, SHA256, "part_002.tar.lz4", List.of(0L, 5_000_000_000L)));

    var read = new ArrayList<ManifestFile>();
    Manifest manifest = read(write(written), read);

    assertThat(manifest).isEqualTo(MANIFEST);
    assertThat(read).isEqualTo(written);
  }

  @Test
  void aDeltaSaysHowItHoldsEachFile() throws IOException {
    var written =
        List.of(
            new ManifestFile(
                "base/5/1",
                16384,
                SHA256,
                "part_002.tar.zst",
                List.of(1L),
                Content.INCREMENT,
                Optional.of(SHA256),
                24576),
            new ManifestFile(
                "base/5/2", 9, SHA256, "", List.of(), Content.OF_THE_PARENT, Optional.empty(), 9),
            new ManifestFile(
                "base/5/3",
                8192,
                "",
                "",
                List.of(),
                Content.OF_THE_PARENT,
                Optional.of(SHA256),
                0));

    var read = new ArrayList<ManifestFile>();
    read(write(written), read);

    assertThat(read).isEqualTo(written);
  }

  @Test
  void keysOfALaterVersionArePassedOver() throws IOException {
    byte[] json =
        """
        {"version":1,"new":{"a":[1]},"backup":"base_000000010000000000000002","files":[
        {"path":"a","size":0,"mode":448,"sha256":"%s","part":"p"}]}"""
            .formatted(SHA256)
            .getBytes(UTF_8);

    var files = new ArrayList<ManifestFile>();
    read(Codec.ZSTD.compress(json), files);

    assertThat(files).containsExactly(new ManifestFile("a", 0, SHA256, "p", List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "null",
        "{\"version\":2,\"backup\":\"base_000000010000000000000002\"}",
        "{\"version\":1,\"backup\":\"x\"}",
        "{\"version\":1,\"backup\":\"base_000000010000000000000002\",\"files\":[{}]}",
        "{\"version\":1,\"backup\":\"base_000000010000000000000002\",\"files\":[",
        "{\"version\":1,\"backup\":\"base_000000010000000000000002\",\"files\":[{\"path\":\"/x\"}]}",
        "{\"version\":\"1\"}"
      })
  void whatIsNoManifestIsRefused(String json) {
    assertRefused(Codec.ZSTD.compress(json.getBytes(UTF_8)));
  }

  @Property(tries = 300)
  void aDamagedManifestIsRefused(
      @ForAll @IntRange(max = 100) int count, @ForAll int position, @ForAll boolean cut)
      throws IOException {
    var files = new ArrayList<ManifestFile>();
    for (int i = 0; i < count; i++) {
      files.add(new ManifestFile("base/5/" + i, i, SHA256, "part_001.tar.lz4", List.of()));
    }
    byte[] stored = write(files);
    int at = Math.floorMod(position, stored.length);
    byte[] damaged = cut ? Arrays.copyOf(stored, at) : stored.clone();
    if (!cut) {
      damaged[at] ^= 0x40;
    }

    try {
      var read = new ArrayList<ManifestFile>();
      read(damaged, read);
      assertThat(read).as("a bit of no meaning").isEqualTo(files);
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
    }
  }

  private static byte[] write(List<ManifestFile> files) throws IOException {
    var sink = new ByteArrayOutputStream();
    try (var writer = new ManifestWriter(sink, ObjectCipher.NONE, MANIFEST)) {
      for (ManifestFile file : files) {
        writer.add(file);
      }
    }
    return sink.toByteArray();
  }

  private static Manifest read(byte[] stored, List<ManifestFile> files) throws IOException {
    return ManifestReader.read(
        new ByteArrayInputStream(stored),
        ObjectCipher.NONE,
        "manifest",
        Optional::empty,
        files::add);
  }

  private static void assertRefused(byte[] stored) {
    assertThatThrownBy(() -> read(stored, new ArrayList<>()))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class));
  }
}
