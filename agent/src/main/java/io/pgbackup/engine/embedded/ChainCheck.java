package io.pgbackup.engine.embedded;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import io.pgbackup.crypto.ObjectCipher;
import io.pgbackup.engine.format.ArchiveLayout;
import io.pgbackup.engine.format.BackupName;
import io.pgbackup.engine.format.MemberPath;
import io.pgbackup.engine.format.Sentinel;
import io.pgbackup.store.ObjectStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Predicate;

/// What an archive says of a base backup and all that it stands on, for an engine that brings them
/// back with a program which asks less. Immutable.
public final class ChainCheck {
  private final BackupChain chain;
  private final ChainFiles files;
  private final boolean hasManifest;

  private ChainCheck(BackupChain chain, ChainFiles files, boolean hasManifest) {
    this.chain = chain;
    this.files = files;
    this.hasManifest = hasManifest;
  }

  /// @throws io.pgbackup.problem.PgBackupException `NotFound` if there is no such backup,
  ///   `VerificationFailed` if the chain is broken, a tar is gone or a file lies in no link of it
  public static ChainCheck of(ObjectStore store, ArchiveLayout layout, BackupName name) {
    var documents = new BackupDocuments(store, layout, ObjectCipher.NONE);
    BackupChain chain = BackupChain.read(name, documents);
    ChainFiles files = new ChainFiles(chain, documents);
    for (BackupChain.Link link : chain.links()) {
      var _ = BackupContents.of(link.name(), documents.tars(link.name()), files.tars(link.name()));
    }
    boolean hasManifest =
        chain.links().stream()
            .anyMatch(link -> store.head(layout.manifest(link.name())).isPresent());
    return new ChainCheck(chain, files, hasManifest);
  }

  /// Of the backup itself.
  public Sentinel sentinel() {
    return chain.newest().sentinel();
  }

  /// Whether a backup of the chain has one to compare its files with.
  public boolean hasManifest() {
    return hasManifest;
  }

  /// @param directory where the chain was brought to, tablespaces linked
  /// @return paths that the backup lists as its own and that are not there, ascending
  /// @throws io.pgbackup.problem.PgBackupException `VerificationFailed` if a file is not there that
  ///   needs an older link
  public List<String> missing(Path directory) {
    Predicate<String> there = path -> Files.exists(directory.resolve(path), NOFOLLOW_LINKS);
    for (int link = 0; link < chain.links().size(); link++) {
      files.requireArrived(link, there);
    }
    String list = chain.newest().name() + "/files_metadata.json";
    return files.wholeInTheNewest().stream()
        .map(member -> MemberPath.of(member, list))
        .filter(there.negate())
        .sorted()
        .toList();
  }
}
