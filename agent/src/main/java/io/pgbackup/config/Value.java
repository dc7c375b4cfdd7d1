package io.pgbackup.config;

import java.util.function.Function;

/// How the text of one scalar becomes a value.
///
/// @param <T> the value's type
/// @param form what a YAML scalar must be, so that `name: 012` is not silently the number 10
/// @param printer writes it as the file would have it
record Value<T>(Form form, Parser<T> parser, Function<T, String> printer) {
  enum Form {
    TEXT("text"),
    INTEGER("a whole number"),
    BOOLEAN("true or false");

    private final String words;

    Form(String words) {
      this.words = words;
    }

    String words() {
      return words;
    }
  }

  interface Parser<T> {
    /// @throws IllegalArgumentException with a message that says what is expected
    T parse(String text);
  }

  static <T> Value<T> text(Parser<T> parser) {
    return text(parser, String::valueOf);
  }

  static <T> Value<T> text(Parser<T> parser, Function<T, String> printer) {
    return new Value<>(Form.TEXT, parser, printer);
  }

  /// A value as the file would have it.
  String words(T value) {
    return printer.apply(value);
  }
}
