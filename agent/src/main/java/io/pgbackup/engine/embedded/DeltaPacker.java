package io.pgbackup.engine.embedded;

import io.pgbackup.crypto.Sha256;
import io.pgbackup.engine.format.FileDescription;
import io.pgbackup.engine.format.FileDescription.Content;
import io.pgbackup.engine.format.ManifestFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;

/// Packs what a delta does not store whole: the changed pages of relation files, and of files that
/// are as the parent has them nothing. Belongs to one thread.
final class DeltaPacker {
  private final DeltaBase base;
  private final PackedFiles packed;
  private final ChangedPages pages;
  private final MessageDigest digest = Sha256.digest();

  /// Gives the part to write to, which need not be opened for a file that has no member.
  interface Part {
    PartWriter open() throws IOException;
  }

  DeltaPacker(
      DeltaBase base, SourceReading reading, Optional<PageCheck> check, PackedFiles packed) {
    this.base = base;
    this.packed = packed;
    this.pages = new ChangedPages(base.origin().lsn(), reading, check);
  }

  /// Passes over a file that was not written since the parent.
  ///
  /// @return whether it was passed over
  boolean skip(SourceFile file) throws IOException {
    Optional<ParentFile> parent = base.parent(file).filter(known -> base.isUntouched(file, known));
    if (parent.isPresent()) {
      addOfTheParent(file, file.facts().size(), parent.get());
    }
    return parent.isPresent();
  }

  /// Packs a file, unless it must be stored whole.
  ///
  /// @return whether it was packed
  boolean pack(SourceFile file, FileChannel source, long size, Part part) throws IOException {
    Optional<ParentFile> parent = base.parent(file);
    if (parent.isEmpty()) {
      return false;
    }
    if (!ChangedPages.mayHave(file, size)) {
      boolean same = pages.isAsTheParent(file, source, size, parent.get());
      if (same) {
        addOfTheParent(file, size, parent.get());
        packed.progressed(size);
      }
      return same;
    }
    switch (pages.find(file, source, size, parent.get())) {
      case WHOLE -> {
        return false;
      }
      case OF_THE_PARENT -> addOfTheParent(file, size, parent.get());
      case INCREMENT -> packIncrement(file, source, size, parent.get(), part.open());
    }
    packed.progressed(size);
    return true;
  }

  private void packIncrement(
      SourceFile file, FileChannel source, long size, ParentFile parent, PartWriter part)
      throws IOException {
    OutputStream member = part.beginFile(file.path(), file.facts(), pages.incrementSize());
    pages.write(file, source, size, new DigestOutputStream(member, digest));
    part.endFile();
    // of a page that is corrupt on disk and not in the increment, the parent's version is restored
    boolean proven = base.sameServer() && parent.provesPages() && pages.corrupt().isEmpty();
    packed.add(
        new ManifestFile(
            file.path(),
            size,
            Sha256.hex(digest),
            part.name(),
            pages.corrupt(),
            Content.INCREMENT,
            proven ? Optional.of(pages.pageLsns()) : Optional.empty(),
            Math.max(pages.extent(), parent.extent())),
        new FileDescription(Content.INCREMENT, file.facts().modified(), pages.corrupt()));
  }

  /// The parent's pages, so the parent's corrupt ones too.
  private void addOfTheParent(SourceFile file, long size, ParentFile parent) throws IOException {
    List<Long> corrupt = parent.manifest().map(ManifestFile::corruptPages).orElse(List.of());
    packed.add(
        new ManifestFile(
            file.path(),
            size,
            parent.contentDigest().orElse(""),
            "",
            corrupt,
            Content.OF_THE_PARENT,
            parent.manifest().flatMap(ManifestFile::pageLsns),
            parent.extent()),
        new FileDescription(Content.OF_THE_PARENT, file.facts().modified(), corrupt));
  }
}
