package io.pgbackup.engine.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.Throttle;
import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.IncrementReader;
import io.pgbackup.engine.format.ManifestFile;
import io.pgbackup.engine.format.PageLsns;
import io.pgbackup.postgres.Lsn;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class ChangedPagesTest {
  private static final int PAGE = PageHeader.PAGE;
  private static final Lsn SINCE = new Lsn(1000);

  private Path folder = Path.of("unset");

  @BeforeProperty
  void makeFolder() throws IOException {
    folder = Files.createTempDirectory("changed-pages-");
  }

  @AfterProperty
  void removeFolder() throws IOException {
    Files.delete(folder.resolve("16384"));
    Files.delete(folder);
  }

  /// What happened to a page since the parent.
  enum Fate {
    SAME,
    /// By a hint bit: no new position.
    HINTED,
    CHANGED,
    CHANGED_AT_THE_VERY_START,
    /// Truncated and added again, and not filled.
    EMPTIED,
    /// Added by a program that wrote no WAL.
    WITHOUT_POSITION
  }

  @Provide
  Arbitrary<List<Fate>> fates() {
    return Arbitraries.frequency(
            Tuple.of(20, Fate.SAME),
            Tuple.of(5, Fate.HINTED),
            Tuple.of(5, Fate.CHANGED),
            Tuple.of(2, Fate.CHANGED_AT_THE_VERY_START),
            Tuple.of(1, Fate.EMPTIED),
            Tuple.of(1, Fate.WITHOUT_POSITION))
        .list()
        .ofMinSize(1)
        .ofMaxSize(80);
  }

  @Property(tries = 300)
  void whatIsPutTogetherIsWhatTheServerHad(
      @ForAll("fates") List<Fate> fates, @ForAll("lengths") int parentPages) throws IOException {
    byte[] parent = new byte[parentPages * PAGE];
    for (int page = 0; page < parentPages; page++) {
      put(parent, page, 10 + page, page);
    }
    byte[] now = new byte[fates.size() * PAGE];
    for (int page = 0; page < fates.size(); page++) {
      put(now, page, 10 + page, page);
      switch (fates.get(page)) {
        case SAME -> {}
        case HINTED -> now[page * PAGE + 5000] ^= 1;
        case CHANGED -> put(now, page, 1001 + page, -page);
        case CHANGED_AT_THE_VERY_START -> put(now, page, SINCE.value(), -page);
        case EMPTIED -> Arrays.fill(now, page * PAGE, (page + 1) * PAGE, (byte) 0);
        case WITHOUT_POSITION -> put(now, page, 0, page);
      }
    }
    ManifestFile known = manifest(parent);

    Found found = find(now, new ParentFile(Optional.empty(), Optional.of(known)));

    switch (found.content()) {
      case WHOLE ->
          assertThat(
                  fates.contains(Fate.WITHOUT_POSITION)
                      || fates.indexOf(Fate.EMPTIED) >= 0
                      || found.changed() == fates.size())
              .as("there was a reason: %s", fates)
              .isTrue();
      case OF_THE_PARENT -> assertThat(now).isEqualTo(parent);
      case INCREMENT -> {
        byte[] restored = apply(parent, found.increment());
        assertThat(restored).hasSameSizeAs(now);
        for (int page = 0; page < fates.size(); page++) {
          if (fates.get(page) != Fate.HINTED || page >= parentPages) {
            assertThat(page(restored, page)).as("page %d", page).isEqualTo(page(now, page));
          }
        }
        Files.write(folder.resolve("16384"), restored);
        assertThat(found.pageLsns()).isEqualTo(PageLsns.of(folder.resolve("16384")));
        assertThat(found.extent()).isEqualTo(extent(now));
      }
    }
    if (fates.contains(Fate.WITHOUT_POSITION)) {
      assertThat(found.content()).isEqualTo(Content.WHOLE);
    }
  }

  @Provide
  Arbitrary<Integer> lengths() {
    return Arbitraries.integers().between(0, 90);
  }

  @Property(tries = 1)
  void anEmptyPageWhereAnAncestorHadRowsIsNotLeftToWalgToFill() throws IOException {
    byte[] now = new byte[4 * PAGE];
    put(now, 0, 10, 0);
    byte[] cut = Arrays.copyOf(now, PAGE);
    ManifestFile parent = manifest(cut);
    ManifestFile ofALongAncestor =
        new ManifestFile(
            parent.path(),
            parent.size(),
            parent.sha256(),
            parent.part(),
            List.of(),
            Content.WHOLE,
            Optional.empty(),
            3L * PAGE);

    assertThat(find(now, new ParentFile(Optional.empty(), Optional.of(parent))).content())
        .isEqualTo(Content.INCREMENT);
    assertThat(find(now, new ParentFile(Optional.empty(), Optional.of(ofALongAncestor))).content())
        .isEqualTo(Content.WHOLE);
    assertThat(find(now, new ParentFile(Optional.empty(), Optional.empty())).content())
        .as("nobody knows how long the file was")
        .isEqualTo(Content.WHOLE);
  }

  // never compared
  @SuppressWarnings("ArrayRecordComponent")
  private record Found(
      Content content, int changed, byte[] increment, String pageLsns, long extent) {}

  private Found find(byte[] now, ParentFile parent) throws IOException {
    Path path = Files.write(folder.resolve("16384"), now);
    SourceFile file =
        new SourceFile(
            "base/5/16384",
            path,
            FileFacts.of(path, LinkOption.NOFOLLOW_LINKS),
            RelationFile.parse("16384"));
    ChangedPages pages =
        new ChangedPages(SINCE, new SourceReading(Throttle.NONE), Optional.empty());
    try (FileChannel source = FileChannel.open(path)) {
      Content content = pages.find(file, source, now.length, parent);
      ByteArrayOutputStream increment = new ByteArrayOutputStream();
      if (content == Content.INCREMENT) {
        pages.write(file, source, now.length, increment);
        assertThat(increment.size()).isEqualTo(pages.incrementSize());
      }
      int changed = (int) ((pages.incrementSize() - 16) / (PAGE + 4));
      return new Found(content, changed, increment.toByteArray(), pages.pageLsns(), pages.extent());
    }
  }

  private static byte[] apply(byte[] parent, byte[] increment) throws IOException {
    IncrementReader reader = IncrementReader.of(new ByteArrayInputStream(increment), "increment");
    byte[] file = Arrays.copyOf(parent, (int) reader.fileSize());
    byte[] page = new byte[PAGE];
    for (long at = reader.nextPage(page); at >= 0; at = reader.nextPage(page)) {
      System.arraycopy(page, 0, file, (int) at, PAGE);
    }
    return file;
  }

  private static ManifestFile manifest(byte[] content) {
    return new ManifestFile(
        "base/5/16384", content.length, Sha256.hex(content), "part_002.tar", List.of());
  }

  private static byte[] page(byte[] file, int page) {
    return Arrays.copyOfRange(file, page * PAGE, (page + 1) * PAGE);
  }

  private static long extent(byte[] file) {
    for (int page = file.length / PAGE - 1; page >= 0; page--) {
      if (!PageHeader.isBlank(file, page * PAGE)) {
        return (page + 1L) * PAGE;
      }
    }
    return 0;
  }

  /// A heap page with one mark in it.
  private static void put(byte[] file, int page, long lsn, int mark) {
    ByteBuffer bytes =
        ByteBuffer.wrap(file, page * PAGE, PAGE).slice().order(ByteOrder.LITTLE_ENDIAN);
    bytes.putInt(0, (int) (lsn >>> 32)).putInt(4, (int) lsn);
    bytes.putShort(12, (short) 28).putShort(14, (short) 8000).putShort(16, (short) 8192);
    bytes.putShort(18, (short) (8192 | 4));
    bytes.putInt(8100, mark);
  }
}
