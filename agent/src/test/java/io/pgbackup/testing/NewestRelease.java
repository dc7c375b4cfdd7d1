package io.pgbackup.testing;

import static java.lang.annotation.ElementType.METHOD;
import static java.lang.annotation.RetentionPolicy.RUNTIME;

import java.lang.annotation.Retention;
import java.lang.annotation.Target;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.support.ParameterDeclarations;

/// A long test: it runs with the newest PostgreSQL, and with all five majors under `-Pmatrix`.
@Target(METHOD)
@Retention(RUNTIME)
@ParameterizedTest
@ArgumentsSource(NewestRelease.Releases.class)
public @interface NewestRelease {
  /// Hands out the releases.
  final class Releases implements ArgumentsProvider {
    @Override
    public Stream<Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return Matrix.isOn()
          ? PostgresRelease.all().map(Arguments::of)
          : Stream.of(Arguments.of(PostgresRelease.NEWEST));
    }
  }
}
