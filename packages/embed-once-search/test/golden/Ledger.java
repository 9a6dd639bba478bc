package example.ledger;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** Bookings in the order in which they were made. */
public final class Ledger {
  private static final int SCALE = 2;

  private final List<Booking> bookings = new ArrayList<>();

  /** A sum that moved from one account to another. */
  public record Booking(String from, String to, BigDecimal sum) {}

  public enum Side {
    DEBIT,
    CREDIT
  }

  public Ledger() {}

  /**
   * Books a sum.
   *
   * @throws IllegalArgumentException where the sum is not positive or both accounts are the same one
   */
  @SuppressWarnings("unused")
  public void book(String from, String to, BigDecimal sum) {
    if (sum.signum() <= 0) {
      throw new IllegalArgumentException("sum must be positive, got " + sum);
    }
    if (from.equals(to)) {
      throw new IllegalArgumentException("an account cannot pay itself: " + from);
    }
    bookings.add(new Booking(from, to, sum.setScale(SCALE)));
  }

  /** What an account has after all bookings; zero for one that nobody knows. */
  public BigDecimal balance(String account) {
    BigDecimal balance = BigDecimal.ZERO.setScale(SCALE);
    for (Booking booking : bookings) {
      if (booking.from().equals(account)) {
        balance = balance.subtract(booking.sum());
      }
      if (booking.to().equals(account)) {
        balance = balance.add(booking.sum());
      }
    }
    return balance;
  }
}
