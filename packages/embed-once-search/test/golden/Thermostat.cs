using System;
using System.Collections.Generic;

namespace Example.Heating
{
    public interface ISensor
    {
        double Read();
    }

    /// <summary>Keeps a room within a band around the wanted temperature.</summary>
    public sealed class Thermostat
    {
        private const double Band = 0.5;

        private readonly ISensor _sensor;
        private readonly List<double> _history = new();

        public Thermostat(ISensor sensor)
        {
            _sensor = sensor ?? throw new ArgumentNullException(nameof(sensor));
        }

        public double Wanted { get; set; } = 20;

        /// <summary>Whether the valve should be open: on below the band, off above it, as it was within.</summary>
        public bool Decide(bool isOpen)
        {
            var measured = _sensor.Read();
            _history.Add(measured);
            if (double.IsNaN(measured))
            {
                throw new InvalidOperationException("The sensor gave no number.");
            }
            if (measured < Wanted - Band)
            {
                return true;
            }
            if (measured > Wanted + Band)
            {
                return false;
            }
            return isOpen;
        }
    }

    public enum Mode
    {
        Day,
        Night,
    }
}
