package io.pgbackup.engine.walg;

import com.fasterxml.jackson.databind.JsonNode;
import io.pgbackup.engine.BackupRequest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What kind of base backup a `backup-push` is told to take, as its flags and variables.
///
/// @param deltaMaxSteps deltas in a row that the configuration allows
/// @param deltaOrigin `LATEST` or `LATEST_FULL`
record PushOptions(
    BackupRequest request,
    boolean checksums,
    int deltaMaxSteps,
    String deltaOrigin,
    Optional<JsonNode> userData) {
  private static final int HOWEVER_MANY = 1_000_000;

  /// @param checksums whether the server has page checksums to be checked
  static PushOptions of(
      BackupRequest request, boolean checksums, WalgBackupEngine.Settings settings) {
    return new PushOptions(
        request,
        checksums,
        settings.deltaMaxSteps(),
        settings.deltaFromFull() ? "LATEST_FULL" : "LATEST",
        request.userData().or(settings::userData));
  }

  List<String> flags() {
    List<String> flags = new ArrayList<>();
    if (request.kind() == BackupRequest.Kind.FULL) {
      flags.add("--full");
    }
    if (request.permanent()) {
      flags.add("--permanent");
    }
    if (checksums) {
      flags.add("--verify");
    }
    return flags;
  }

  Map<String, String> variables() {
    int steps =
        switch (request.kind()) {
          case CONFIGURED -> deltaMaxSteps;
          case FULL -> 0;
          case DELTA -> HOWEVER_MANY;
        };
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("WALG_DELTA_MAX_STEPS", Integer.toString(steps));
    variables.put("WALG_DELTA_ORIGIN", deltaOrigin);
    userData.ifPresent(data -> variables.put("WALG_SENTINEL_USER_DATA", data.toString()));
    return variables;
  }
}
