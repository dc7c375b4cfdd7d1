package io.pgbackup.doctor;

import io.pgbackup.store.ObjectKey;
import io.pgbackup.store.StoreFolder;
import java.util.List;

/// Where the doctor writes: a few small objects in the cluster's own folder, whose names stay the
/// same from run to run, so that a credential that may not delete leaves no more at the tenth run
/// than at the first. They lie where each role may write, and where only some may.
///
/// @param cluster the cluster's folder
/// @param host part of the names, so that two doctors do not meet
record ProbeKeys(StoreFolder cluster, String host) {
  static final String FOLDER = "pgbackup-doctor";

  ProbeKeys {
    host = host.replaceAll("[^A-Za-z0-9-]", "-");
  }

  StoreFolder folder() {
    return cluster.folder(FOLDER).folder("host-" + host);
  }

  /// Where every role may write.
  ObjectKey lease() {
    return folder().key("pgbackup/leases/probe");
  }

  /// Where only an archiver writes.
  ObjectKey archive() {
    return folder().key("archive-probe");
  }

  /// An object that an archiver makes from parts.
  ObjectKey parts() {
    return folder().key("parts-probe");
  }

  /// Never written.
  ObjectKey missing() {
    return folder().key("missing");
  }

  /// All that may have been written.
  List<ObjectKey> all() {
    return List.of(lease(), archive(), parts());
  }

  /// A cluster whose name begins as this one's does.
  StoreFolder twin() {
    String bare = cluster.path().substring(0, cluster.path().length() - 1);
    return StoreFolder.of(bare + "-" + FOLDER);
  }
}
