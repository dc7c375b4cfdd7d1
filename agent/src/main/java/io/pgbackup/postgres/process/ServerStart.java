package io.pgbackup.postgres.process;

import static java.util.stream.Collectors.toCollection;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/// How a server is started.
///
/// @param arguments what follows `postgres -D DIR`, one word each
/// @param log what the server prints is appended to this file
public record ServerStart(
    PostgresInstallation installation,
    ServerUser user,
    Path dataDirectory,
    List<String> arguments,
    Path log) {
  public ServerStart {
    arguments = List.copyOf(arguments);
  }

  /// A start with settings that override the configuration files.
  public static ServerStart withSettings(
      PostgresInstallation installation,
      ServerUser user,
      Path dataDirectory,
      SequencedMap<String, String> settings,
      Path log) {
    return new ServerStart(installation, user, dataDirectory, arguments(settings), log);
  }

  private static List<String> arguments(Map<String, String> settings) {
    return settings.entrySet().stream()
        .flatMap(setting -> List.of("-c", setting.getKey() + "=" + setting.getValue()).stream())
        .collect(toCollection(ArrayList::new));
  }
}
