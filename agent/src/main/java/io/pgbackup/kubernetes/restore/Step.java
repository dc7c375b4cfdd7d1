package io.pgbackup.kubernetes.restore;

/// How far a restore or an undo has come, as its journal says it. Each step can be repeated.
enum Step {
  /// Fetching, recovering and claiming beside the old data; the old server runs.
  FETCH("fetch and recover beside the running server"),
  /// The StatefulSet has no pods from here on.
  STOP("stop the server"),
  /// Exchanging the data directories.
  SWAP("put the data in place"),
  START("start the server"),
  /// With replicas only: the volumes of all but the primary are taken away and filled again.
  STANDBYS("make the standbys anew"),
  DONE("done");

  private final String description;

  Step(String description) {
    this.description = description;
  }

  String description() {
    return description;
  }
}
