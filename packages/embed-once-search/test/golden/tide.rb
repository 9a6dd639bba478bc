# frozen_string_literal: true

require "date"

module Tide
  MOON_DAY = 24.8412

  # The hours between two high waters at one place.
  class Table
    attr_reader :place

    def initialize(place, first_high)
      @place = place
      @first_high = first_high
    end

    def self.for_harbour(name)
      new(name, DateTime.now)
    end

    # All high waters of a day, as times. A day has one or two of them, for the moon needs longer than a day for its
    # way around, and so high water comes fifty minutes later every day.
    def high_waters(date)
      half = MOON_DAY / 2 / 24
      time = @first_high
      time += half while time.to_date < date
      found = []
      while time.to_date == date
        found << time
        time += half
      end
      found
    rescue ArgumentError => error
      warn "no table for #{date}: #{error.message}"
      []
    end
  end

  def self.hours(minutes)
    minutes / 60.0
  end
end
