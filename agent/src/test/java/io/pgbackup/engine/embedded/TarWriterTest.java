package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.NotBlank;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;

class TarWriterTest {
  @Property(tries = 200)
  void aTarIsWhatTheLibraryWrites(
      @ForAll @Size(max = 4) List<@NotBlank @StringLength(max = 250) String> names,
      @ForAll @IntRange(max = 3000) int size)
      throws IOException {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    var ours = new ByteArrayOutputStream();
    try (TarWriter tar = new TarWriter(ours)) {
      for (String name : names) {
        OutputStream member = tar.begin(entry(name, size));
        member.write(content, 0, size / 3);
        member.write(content, size / 3, size - size / 3);
        tar.end();
      }
    }

    var theirs = new ByteArrayOutputStream();
    try (var tar = new TarArchiveOutputStream(theirs, 512, "UTF-8")) {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
      tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_POSIX);
      tar.setAddPaxHeadersForNonAsciiNames(true);
      for (String name : names) {
        tar.putArchiveEntry(entry(name, size));
        tar.write(content);
        tar.closeArchiveEntry();
      }
    }
    assertThat(ours.toByteArray()).isEqualTo(theirs.toByteArray());
  }

  private static TarArchiveEntry entry(String name, long size) {
    TarArchiveEntry entry = new TarArchiveEntry("/" + name, (byte) '0', true);
    entry.setModTime(1_700_000_000_000L);
    entry.setSize(size);
    return entry;
  }

  @Test
  void aMemberIsAsLongAsItsHeaderSays() throws IOException {
    var tar = new TarWriter(new ByteArrayOutputStream());
    OutputStream member = tar.begin(entry("PG_VERSION", 3));
    member.write('1');

    assertThatThrownBy(tar::end).hasMessage("a member of 3 bytes ends 2 too early");
    assertThatThrownBy(() -> member.write(new byte[3]))
        .hasMessage("more than the 3 bytes of a member");
  }
}
