package io.pgbackup.restore;

import java.util.List;

/// The steps of a restore, in their order. Each is journaled when it is done and can be repeated
/// when it was cut off.
public enum RestoreStep {
  FETCH("fetch the base backup"),
  PREPARE("check the files, write the recovery settings"),
  RECOVER("recover to the target"),
  CLAIM("claim the new lineage"),
  STOP("stop the old server"),
  CONFIGURE("set the configuration"),
  PLACE("put the data in place"),
  START("start the server");

  private static final List<RestoreStep> INTO_DIRECTORY =
      List.of(FETCH, PREPARE, RECOVER, CONFIGURE, PLACE);

  private final String description;

  RestoreStep(String description) {
    this.description = description;
  }

  /// For people, as an order: `fetch the base backup`.
  public String description() {
    return description;
  }

  /// What a restore to this destination consists of.
  public static List<RestoreStep> of(RestoreDestination destination) {
    return switch (destination) {
      case RestoreDestination.NewDirectory _ -> INTO_DIRECTORY;
      case RestoreDestination.InPlace _ -> List.of(values());
    };
  }
}
