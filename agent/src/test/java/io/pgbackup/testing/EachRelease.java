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

/// A test that runs with every PostgreSQL of the build: the newest and an older one, and all five
/// majors under `-Pmatrix`.
@Target(METHOD)
@Retention(RUNTIME)
@ParameterizedTest
@ArgumentsSource(EachRelease.Releases.class)
public @interface EachRelease {
  /// Hands out the releases.
  final class Releases implements ArgumentsProvider {
    @Override
    public Stream<Arguments> provideArguments(
        ParameterDeclarations parameters, ExtensionContext context) {
      return PostgresRelease.all().map(Arguments::of);
    }
  }
}
