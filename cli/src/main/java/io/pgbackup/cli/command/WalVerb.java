package io.pgbackup.cli.command;

import io.pgbackup.cli.wal.WalCommand;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// Lists `wal` among the verbs. The program itself runs it before this library is loaded.
@Command(
    name = "wal",
    description = "Push or fetch one WAL file: PostgreSQL's archive_command and restore_command.")
final class WalVerb implements Callable<Integer> {
  @Unmatched private List<String> words = List.of();

  @Override
  public Integer call() {
    List<String> line = Stream.concat(Stream.of("wal"), words.stream()).toList();
    return WalCommand.run(line, System.getenv(), System.out, System.err).orElseThrow();
  }
}
