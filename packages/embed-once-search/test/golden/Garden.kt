package example.garden

import kotlin.math.max

/** How much water a bed needs, in litres a day. */
data class Bed(val name: String, val squareMetres: Double, val thirst: Double = 4.0)

typealias Rain = Map<String, Double>

const val MAX_LITRES = 120

object Season {
    fun factor(month: Int): Double = if (month in 5..9) 1.0 else 0.25
}

class Garden(private val beds: List<Bed>) {
    private val log = mutableListOf<String>()

    /** The plan for one day: what rain has brought is not watered again, and no bed gets more than its hose gives. */
    fun plan(month: Int, rain: Rain): Map<String, Double> {
        val plan = LinkedHashMap<String, Double>()
        for (bed in beds) {
            val needed = bed.squareMetres * bed.thirst * Season.factor(month)
            val missing = max(0.0, needed - (rain[bed.name] ?: 0.0))
            if (missing > MAX_LITRES) {
                log.add("${bed.name} needs $missing litres, which is more than its hose gives")
            }
            plan[bed.name] = missing.coerceAtMost(MAX_LITRES.toDouble())
        }
        return plan
    }
}

fun Garden.today(rain: Rain) = plan(6, rain)
