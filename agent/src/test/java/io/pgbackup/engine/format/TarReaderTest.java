package io.pgbackup.engine.format;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pgbackup.engine.format.TarMember.Kind;
import io.pgbackup.problem.PgBackupException;
import io.pgbackup.problem.Problem;
import io.pgbackup.testing.GoldenArchive;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TarReaderTest {
  private static final byte[] LABEL_TAR = golden("backup_label.tar.lz4");

  @Test
  void theLabelTarOfWalgIsRead() throws IOException {
    SequencedMap<TarMember, byte[]> members = readAll(LABEL_TAR);

    assertThat(members.keySet())
        .containsExactly(
            new TarMember("backup_label", Kind.FILE, 251, 0600),
            new TarMember("tablespace_map", Kind.FILE, 0, 0600));
    assertThat(members.firstEntry().getValue())
        .asString(UTF_8)
        .startsWith("START WAL LOCATION: 0/2000028");
  }

  @Test
  void aPartOfWalgIsReadToItsEnd() throws IOException {
    SequencedMap<TarMember, byte[]> members = readAll(golden("part_001.tar.lz4"));

    assertThat(members).hasSize(969 + 25);
    assertThat(members.firstEntry().getKey())
        .isEqualTo(new TarMember("/", Kind.DIRECTORY, 0, 0700));
    assertThat(members.keySet()).contains(new TarMember("/PG_VERSION", Kind.FILE, 3, 0600));
    long sum = members.keySet().stream().mapToLong(TarMember::size).sum();
    assertThat(sum)
        .as("the sentinel's size without pg_control and label")
        .isEqualTo(23_313_714 - 8192 - 251);
  }

  @ParameterizedTest
  @ValueSource(ints = {TarArchiveOutputStream.LONGFILE_POSIX, TarArchiveOutputStream.LONGFILE_GNU})
  void longAndForeignNamesAreRead(int longFileMode) throws IOException {
    String name = "/base/" + "5".repeat(300) + "/ü";
    byte[] tar = new Tars(longFileMode).file(name, new byte[1000]).file("/a", new byte[3]).bytes();

    assertThat(readAll(tar).keySet())
        .containsExactly(
            new TarMember(name, Kind.FILE, 1000, 0600), new TarMember("/a", Kind.FILE, 3, 0600));
  }

  @Test
  void linksAreToldApartFromFiles() throws IOException {
    byte[] tar =
        new Tars()
            .link(TarConstants.LF_SYMLINK, "/pg_wal", "/mnt/wal")
            .link(TarConstants.LF_LINK, "/b", "/a")
            .link(TarConstants.LF_FIFO, "/pipe", "")
            .directory("/base", 0750)
            .bytes();

    assertThat(readAll(tar).keySet())
        .extracting(TarMember::kind)
        .containsExactly(Kind.OTHER, Kind.OTHER, Kind.OTHER, Kind.DIRECTORY);
  }

  @Test
  void contentThatNobodyReadsIsPassedOver() throws IOException {
    byte[] tar = new Tars().file("/a", new byte[700]).file("/b", new byte[1]).bytes();

    try (var reader = reader(tar)) {
      assertThat(reader.next()).isPresent();
      assertThat(reader.next()).hasValue(new TarMember("/b", Kind.FILE, 1, 0600));
      assertThat(reader.next()).isEmpty();
    }
  }

  @Property(tries = 100)
  void everyTruncationBeforeTheEndMarkIsNoticed(@ForAll @IntRange(max = 1536) int cut) {
    assertCutIsNoticed(cut);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 512, 1024, 1536})
  void aCutBetweenTwoRecordsIsNoticed(int cut) {
    assertCutIsNoticed(cut);
  }

  /// 251 and 0 bytes: two headers and one record of content come before the mark.
  private static void assertCutIsNoticed(int cut) {
    byte[] tar = Arrays.copyOf(LABEL_TAR, cut);
    if (cut == 1024 || cut == 1536) {
      assertThat(isMarked(tar)).isFalse();
      assertThat(isMarked(LABEL_TAR)).isTrue();
    } else {
      assertDamaged(tar);
    }
  }

  private static boolean isMarked(byte[] tar) {
    try (var reader = reader(tar)) {
      while (reader.next().isPresent()) {}
      return reader.isMarked();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void somethingAfterTheEndIsNoticed() throws IOException {
    byte[] padded = Arrays.copyOf(LABEL_TAR, 10240);
    assertThat(readAll(padded)).hasSize(2);

    padded[10000] = 1;
    assertDamaged(padded);
  }

  @ParameterizedTest
  @ValueSource(bytes = {TarConstants.LF_GNUTYPE_LONGNAME, TarConstants.LF_PAX_EXTENDED_HEADER_LC})
  void aHeaderOfManyBytesIsRefusedBeforeTheyAreRead(byte type) {
    assertDamaged(new Tars().member(type, new byte[2 << 20]).bytes());
  }

  @Property
  void oneChangedByteNeverLeadsAstray(
      @ForAll @IntRange(max = 1535) int position, @ForAll byte replacement) {
    byte[] tar = LABEL_TAR.clone();
    tar[position] = replacement;

    readOrRefuse(tar);
  }

  @Property
  void paxHeadersOfAnyContentAreReadOrRefused(@ForAll @Size(max = 200) byte[] records) {
    try {
      new TarExtensions("it").addPax(records);
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "x",
        "5 a=b\n",
        "6 a=b\n6 a=b",
        "12 size=-1\n",
        "99 a=b\n",
        "999999999 a=b\n",
        "0 a=b\n",
        "22 GNU.sparse.major=1\n"
      })
  void malformedPaxHeadersAreRefused(String records) {
    assertThatThrownBy(
            () -> {
              var extensions = new TarExtensions("it");
              extensions.addPax(records.getBytes(UTF_8));
              extensions.size();
            })
        .isInstanceOf(PgBackupException.class);
  }

  @Property
  void foreignBytesAreRefused(@ForAll @Size(max = 2000) byte[] bytes) {
    readOrRefuse(bytes);
  }

  private static void readOrRefuse(byte[] tar) {
    try {
      readAll(tar);
    } catch (PgBackupException e) {
      assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertDamaged(byte[] tar) {
    assertThatThrownBy(() -> readAll(tar))
        .isInstanceOfSatisfying(
            PgBackupException.class,
            e -> assertThat(e.problem()).isInstanceOf(Problem.VerificationFailed.class));
  }

  private static SequencedMap<TarMember, byte[]> readAll(byte[] tar) throws IOException {
    var members = new LinkedHashMap<TarMember, byte[]>();
    try (var reader = reader(tar)) {
      for (var member = reader.next(); member.isPresent(); member = reader.next()) {
        var content = new ByteArrayOutputStream();
        byte[] chunk = new byte[100_000];
        for (int count = reader.read(chunk); count >= 0; count = reader.read(chunk)) {
          content.write(chunk, 0, count);
        }
        assertThat(content.size()).isEqualTo((int) member.get().size());
        members.put(member.get(), content.toByteArray());
      }
    }
    return members;
  }

  private static TarReader reader(byte[] tar) {
    return new TarReader(new ByteArrayInputStream(tar), "it.tar");
  }

  private static byte[] golden(String tar) {
    return Codec.LZ4.decompress(
        GoldenArchive.bytes("basebackups_005/" + GoldenArchive.FULL + "/tar_partitions/" + tar),
        tar,
        64 << 20);
  }
}
