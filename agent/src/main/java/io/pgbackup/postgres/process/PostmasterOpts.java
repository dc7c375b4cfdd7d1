package io.pgbackup.postgres.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `postmaster.opts`: the command line of the last start (src/backend/utils/init/miscinit.c,
/// `CreateOptsFile`): the program, then each argument in double quotes, which are not escaped.
record PostmasterOpts(Path program, List<String> arguments) {
  static final String FILE = "postmaster.opts";

  static Optional<PostmasterOpts> read(Path dataDirectory) {
    try {
      return parse(Files.readString(dataDirectory.resolve(FILE)));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  static Optional<PostmasterOpts> parse(String content) {
    String text = content.strip();
    if (text.isEmpty()) {
      return Optional.empty();
    }
    String separator = " \"";
    int first = text.indexOf(separator);
    if (first < 0) {
      return Optional.of(new PostmasterOpts(Path.of(text), List.of()));
    }
    List<String> arguments = new ArrayList<>();
    for (String argument : text.substring(first + separator.length()).split("\" \"", -1)) {
      arguments.add(argument);
    }
    String last = arguments.removeLast();
    arguments.add(last.endsWith("\"") ? last.substring(0, last.length() - 1) : last);
    return Optional.of(new PostmasterOpts(Path.of(text.substring(0, first)), arguments));
  }
}
