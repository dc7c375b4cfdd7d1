package io.pgbackup.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClosingTest {
  private final List<String> closed = new ArrayList<>();
  private final Closing closing = new Closing();

  @Test
  void closesInReverseAndOnce() {
    closing.add(() -> closed.add("store"));
    closing.add(() -> closed.add("socket"));

    closing.close();
    closing.close();

    assertThat(closed).containsExactly("socket", "store");
  }

  @Test
  void oneFailureDoesNotKeepTheOthersOpenAndNoneIsLost() {
    closing.add(() -> closed.add("store"));
    closing.add(
        () -> {
          throw new IllegalStateException("first");
        });
    closing.add(
        () -> {
          throw new IllegalStateException("second");
        });

    assertThatThrownBy(closing::close)
        .satisfies(
            e ->
                assertThat(e.getSuppressed())
                    .extracting(Throwable::getMessage)
                    .containsExactly("second", "first"));
    assertThat(closed).containsExactly("store");
  }
}
